export { type Admission, createAdmission } from "./admission.ts";
export { type Authenticate, authenticator } from "./clients.ts";
