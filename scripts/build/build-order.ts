import type { Workspace } from "../workspace/workspaces.ts";

/** The packages of this repository that a package needs in order to be built and to run. */
export function ownDependencies(workspace: Workspace, all: readonly Workspace[]): Workspace[] {
	const { dependencies, peerDependencies, optionalDependencies } = workspace.manifest;
	const names = new Set(Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }));
	return all.filter(({ name }) => names.has(name));
}

/**
 * Returns the packages in an order in which each comes after those that it needs.
 *
 * @throws Error when packages need each other in a circle.
 */
export function buildOrder(all: readonly Workspace[]): Workspace[] {
	const order = new Set<Workspace>();
	const visit = (workspace: Workspace, path: readonly Workspace[]): void => {
		if (order.has(workspace)) return;
		if (path.includes(workspace)) {
			const circle = [...path.slice(path.indexOf(workspace)), workspace].map(({ name }) => name);
			throw new Error(`These packages need each other in a circle: ${circle.join(" → ")}.`);
		}
		for (const needed of ownDependencies(workspace, all)) visit(needed, [...path, workspace]);
		order.add(workspace);
	};
	for (const workspace of all) visit(workspace, []);
	return [...order];
}
