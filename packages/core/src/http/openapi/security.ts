import type { Security, SecurityScheme } from "../../contract/security.ts";

/** The demands of an operation: one of these alternatives, with all of its schemes. */
export type SecurityRequirements = Record<string, string[]>[];

/** The security schemes of a document. Each has a name of its own. */
export class SecuritySchemes {
	readonly #schemes = new Map<string, SecurityScheme>();

	/**
	 * The credentials that callers of a method present: a scheme of each guard that does not leave the method open.
	 *
	 * @param path `service/method`.
	 * @returns undefined when callers need none.
	 */
	requirements(path: string, guards: readonly Security[]): SecurityRequirements | undefined {
		const asking = guards.filter(({ open = [] }) => !open.includes(path));
		if (asking.length === 0) return undefined;
		let requirements: SecurityRequirements = [{}];
		for (const { schemes } of asking) {
			const names = Object.entries(schemes).map(([name, scheme]) => this.#add(name, scheme));
			requirements = requirements.flatMap((before) => names.map((name) => ({ ...before, [name]: [] })));
		}
		return requirements;
	}

	all(): Readonly<Record<string, SecurityScheme>> {
		return Object.fromEntries(this.#schemes);
	}

	/**
	 * Adds a scheme and returns its name in the document. Another service may have a different scheme of the same
	 * name.
	 */
	#add(wanted: string, scheme: SecurityScheme): string {
		const text = JSON.stringify(scheme);
		let name = wanted;
		for (let count = 2; ; count++) {
			const known = this.#schemes.get(name);
			if (known === undefined) this.#schemes.set(name, scheme);
			if (known === undefined || JSON.stringify(known) === text) return name;
			name = `${wanted}.${count}`;
		}
	}
}
