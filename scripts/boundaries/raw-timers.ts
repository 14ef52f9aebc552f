import { type ESTree, Visitor } from "rolldown/utils";

/** The one module that sets timers of any length: `after` and `every` of `@allium/core/transport`. */
export const timerModule = "packages/core/src/time/timer.ts";

/**
 * Finds the timers that a module sets by itself with a delay that it does not know, such as a duration that a user
 * gave. The platform's timers take such a delay for 1 ms if it is Infinity, NaN, or above some 24.8 days. Each timer
 * is named as the code calls it.
 */
export function rawTimers(program: ESTree.Program): string[] {
	const constants = constantsOf(program);
	const found: string[] = [];
	const isKnown = (delay: ESTree.Argument | undefined): boolean =>
		delay === undefined ||
		isNumber(delay) ||
		(delay.type === "Identifier" && constants.has(delay.name)) ||
		(delay.type === "CallExpression" && isNamed(delay.callee, "platformTimeout"));
	new Visitor({
		CallExpression: ({ callee, arguments: given }) => {
			if (isNamed(callee, "setTimeout") || isNamed(callee, "setInterval")) {
				if (!isKnown(given[1])) found.push(callee.name);
			} else if (callee.type === "MemberExpression" && callee.property.type === "Identifier") {
				const { object, property } = callee;
				const isGlobal = isNamed(object, "globalThis") && /^set(Timeout|Interval)$/.test(property.name);
				const isOwn = property.name === "setTimeout" && !isGlobal;
				const isSignal = isNamed(object, "AbortSignal") && property.name === "timeout";
				if ((isGlobal && !isKnown(given[1])) || ((isOwn || isSignal) && !isKnown(given[0]))) {
					found.push(`${isNamed(object) ? object.name : "…"}.${property.name}`);
				}
			}
		},
	}).visit(program);
	return found;
}

/** The names that always stand for a number. */
function constantsOf({ body }: ESTree.Program): Set<string> {
	const declarations = body.map((node) => (node.type === "ExportNamedDeclaration" ? node.declaration : node));
	return new Set(
		declarations.flatMap((node) =>
			node?.type === "VariableDeclaration" && node.kind === "const"
				? node.declarations.flatMap(({ id, init }) =>
						id.type === "Identifier" && init !== null && isNumber(init) ? [id.name] : [],
					)
				: [],
		),
	);
}

function isNumber(node: ESTree.Argument): boolean {
	if (node.type === "Literal") return typeof node.value === "number";
	return node.type === "BinaryExpression" && isNumber(node.left as ESTree.Expression) && isNumber(node.right);
}

function isNamed(node: ESTree.Node, name?: string): node is ESTree.IdentifierReference {
	return node.type === "Identifier" && (name === undefined || node.name === name);
}
