/** The cost of a run of the compiler. */
export interface Diagnostics {
	readonly instantiations: number;
	readonly checkSeconds: number;
}

/**
 * Parses the output of `tsc --extendedDiagnostics`.
 *
 * @throws Error when a figure is not there.
 */
export function parseDiagnostics(output: string): Diagnostics {
	return { instantiations: figure(output, "Instantiations"), checkSeconds: figure(output, "Check time") };
}

function figure(output: string, name: string): number {
	const found = new RegExp(`^${name}:\\s*([\\d.]+)`, "m").exec(output)?.[1];
	if (found === undefined) throw new Error(`The compiler printed no "${name}":\n${output}`);
	return Number(found);
}
