import { fileURLToPath } from "node:url";

/** The folder of the repository, without a trailing slash. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");

/** The folder for generated files that may be deleted. Git ignores it. */
export const cacheFolder: string = fileURLToPath(new URL("../../.cache", import.meta.url));
