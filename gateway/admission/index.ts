export { createAdmission } from "./admission.ts";
export { bearerToken } from "./bearer.ts";
export { type Authenticate, authenticator, clientAsked } from "./clients.ts";
