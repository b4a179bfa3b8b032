export { createStateFolder, type StateDocument, type StateFolder } from "./state-folder.ts";
