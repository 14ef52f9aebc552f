import type { Compression } from "@allium/core/http";
import { zlib } from "../platform/builtins.ts";
import { decodeContent } from "./content-coding.ts";

/** gzip, by Node's zlib. */
export const gzip: Compression = {
	name: "gzip",
	inflate: (bytes, maxBytes) => decodeContent(bytes, "gzip", maxBytes),
	deflate: (bytes) => zlib().gzipSync(bytes),
};
