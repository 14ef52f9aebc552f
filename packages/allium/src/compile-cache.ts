// Loaded before a program, by `node --import allium/compile-cache main.ts`. Node then keeps the code that it compiles,
// and the next start reads it from there.
import { enableCompileCache } from "node:module";
import { cacheFolder } from "./cache-folder.ts";

// NODE_COMPILE_CACHE=<folder> names another folder, and NODE_DISABLE_COMPILE_CACHE=1 switches this off.
enableCompileCache(cacheFolder(import.meta.url));
