import type { Workspace } from "../workspace/workspaces.ts";

/** The package for development alone: conformance suites, the simulator, test clients. */
const testing = "@allium/testing";

/** Returns a sentence if a published package would install the simulator in production, and nothing otherwise. */
export function testingInstalled({ folder, manifest }: Workspace): string[] {
	const { dependencies, optionalDependencies, peerDependencies } = manifest;
	if (manifest.private === true) return [];
	return Object.entries({ dependencies, optionalDependencies, peerDependencies })
		.filter(([, packages]) => packages !== undefined && Object.hasOwn(packages, testing))
		.map(
			([field]) =>
				`${folder}/package.json declares "${testing}" under ${field}: services install this package, and only development needs ${testing}; declare it under devDependencies.`,
		);
}
