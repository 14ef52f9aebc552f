import { fileURLToPath } from "node:url";

/** The folder of the repository, without a slash at its end. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");

/** For what is made and may be thrown away; ignored by git. */
export const cacheFolder: string = fileURLToPath(new URL("../../.cache", import.meta.url));
