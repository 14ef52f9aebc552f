import type { Workspace } from "../workspace/workspaces.ts";

/** The package of what only development needs: conformance suites, the simulator, test clients. */
const testing = "@allium/testing";

/** A published package that would bring the simulator to production, as a sentence; empty for all others. */
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
