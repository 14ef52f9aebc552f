import { printable } from "@allium/core";
import type { BackendChoice, BackendChoices, Backends } from "./backend.ts";
import { bindings } from "./cloud-foundry.ts";
import { type Environment, variable } from "./environment.ts";
import { wrongValue } from "./invalid-configuration.ts";
import { maskUrl } from "./mask-url.ts";

/** How code gives a backend: by a URL, or by a port that is open already and needs no backend. */
export type BackendOverrides<Ports> = { readonly [Name in keyof Ports]?: string | Ports[Name] | undefined };

/** A URL that may have been given. */
export interface Candidate {
	readonly source: string;
	readonly url: string | undefined;
	/** Whether it applies to all ports, so that it need not fit this one. */
	readonly isForAll?: true;
	/** Whether it is an option. */
	readonly isOption?: true;
}

/**
 * Chooses the backend of each port. The URL comes from code, otherwise from the port's own variable, otherwise from
 * `ALLIUM_URL`, otherwise from the binding of Cloud Foundry for the port or for all ports, otherwise from the default.
 *
 * @param named returns the name of an option of code for errors.
 * @throws ServiceError `failed_precondition` that names the variable or option that holds no URL.
 */
export function chooseBackends<Ports>(
	table: Backends<Ports>,
	env: Environment,
	overrides: BackendOverrides<Ports>,
	named: (option: keyof Ports & string) => string,
): BackendChoices<Ports> {
	const bound = bindings(variable(env, "VCAP_SERVICES"));
	const choices: Partial<Record<keyof Ports, BackendChoice>> = {};
	for (const name in table) {
		const { variable: own, binding, default: fallback, follows } = table[name];
		const override = overrides[name];
		choices[name] = choose(fallback, [
			{ source: named(name), url: typeof override === "string" ? override : undefined, isOption: true },
			{ source: own, url: variable(env, own) },
			...(follows === undefined
				? []
				: [{ source: follows, url: variable(env, follows), isForAll: true } as const]),
			{ source: "ALLIUM_URL", url: variable(env, "ALLIUM_URL"), isForAll: true },
			{ source: `VCAP_SERVICES (${binding})`, url: bound(binding) },
			{ source: "VCAP_SERVICES (allium)", url: bound("allium"), isForAll: true },
		]);
	}
	// Each name of the table has its choice now.
	return choices as BackendChoices<Ports>;
}

/** The first candidate that is there. */
function choose(fallback: string, candidates: readonly Candidate[]): BackendChoice {
	for (const { source, url, isForAll, isOption } of candidates) {
		if (url === undefined) continue;
		checkUrl(source, url, "sqlite: or sqlite:/var/lib/allium");
		return { url, source, ...(isForAll && { otherwise: fallback }), ...(isOption && { isOption }) };
	}
	return { url: fallback, source: "the default" };
}

/**
 * Checks the URL of a backend.
 *
 * @param source the variable or option that holds it, for the error.
 * @throws ServiceError `failed_precondition` for a text that is no URL.
 */
export function checkUrl(source: string, url: string, example: string): void {
	if (!isUrl(url)) throw wrongValue(source, maskUrl(url), `a URL, such as ${example}`);
}

/** Whether a text begins with a scheme, and can be printed. */
function isUrl(text: string): boolean {
	return /^[a-z][a-z0-9+.-]*:/.test(text) && printable(text) === text && !/[\t\n]/.test(text);
}
