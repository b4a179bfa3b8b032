export { createRestServer, type RestServer, type RestServerOptions } from "./server.ts";
