import type { Adapters } from "./backends.ts";

/** The adapters that need no package. */
export const builtIn: Adapters = {
	static: () => import("../static-registry/static-registry.ts"),
};
