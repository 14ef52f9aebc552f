import type { JsonSchema } from "../contract/schema.ts";
import { type Property, type View, view } from "../contract/schema-view.ts";
import { resolvePointer } from "../json/json-pointer.ts";

/**
 * The places where values of one schema do not fit another, in a few words each. A value that a schema does not
 * describe fits.
 */
export function misfits(given: JsonSchema, wanted: JsonSchema): string[] {
	return [...new Set(new Comparison(given, wanted).compare(given, wanted, ""))];
}

class Comparison {
	readonly #given: JsonSchema;
	readonly #wanted: JsonSchema;
	/** The result for each pair of schemas, because schemas may contain themselves. */
	readonly #results = new Map<unknown, Map<unknown, string[]>>();

	constructor(given: JsonSchema, wanted: JsonSchema) {
		this.#given = given;
		this.#wanted = wanted;
	}

	compare(given: unknown, wanted: unknown, at: string): string[] {
		const results = this.#results.get(given) ?? new Map<unknown, string[]>();
		this.#results.set(given, results);
		const known = results.get(wanted);
		if (known !== undefined) return known;
		// A pair that is still being compared counts as compatible.
		results.set(wanted, []);
		const found = this.#compare(given, wanted, at);
		results.set(wanted, found);
		return found;
	}

	#compare(given: unknown, wanted: unknown, at: string): string[] {
		const [one, other] = [view(given), view(wanted)];
		if (one.kind === "unknown" || other.kind === "unknown") return [];
		if (one.kind === "reference") {
			return this.compare(resolvePointer(this.#given, one.pointer), wanted, at);
		}
		if (other.kind === "reference") {
			return this.compare(given, resolvePointer(this.#wanted, other.pointer), at);
		}
		if (one.kind === "union") return one.parts.flatMap((part) => this.compare(part, wanted, at));
		if (other.kind === "union") return this.#compareWithAny(given, other.parts, at);
		// A value that has to fulfil several schemas at once cannot be compared by one of them alone.
		if (one.kind === "intersection" || other.kind === "intersection" || one.kind === "never") return [];
		if (one.kind === "literals") return literalMisfits(one.values, other, at);
		if (!isSameType(one, other)) return [`${named(at)} is ${typeOf(one)} where ${typeOf(other)} is known`];
		const bounds = boundMisfits(given as JsonSchema, wanted as JsonSchema, at);
		if (one.kind === "array" && other.kind === "array") {
			return [...bounds, ...this.compare(one.rest, other.rest, `${at}[]`)];
		}
		if (one.kind === "object" && other.kind === "object") {
			return [...bounds, ...this.#compareProperties(one.properties, other.properties, at)];
		}
		return bounds;
	}

	#compareWithAny(given: unknown, parts: readonly unknown[], at: string): string[] {
		let least: string[] | undefined;
		for (const part of parts) {
			const found = this.compare(given, part, at);
			if (least === undefined || found.length < least.length) least = found;
		}
		return least ?? [];
	}

	/** Both sides of the wire ignore unknown properties. */
	#compareProperties(given: readonly Property[], wanted: readonly Property[], at: string): string[] {
		return wanted.flatMap(({ name, schema, required }) => {
			const path = at === "" ? name : `${at}.${name}`;
			const property = given.find((candidate) => candidate.name === name);
			if (property === undefined) return required ? [`${named(path)} is required on one side only`] : [];
			const missing =
				required && !property.required ? [`${named(path)} may be left out on one side only`] : [];
			return [...missing, ...this.compare(property.schema, schema, path)];
		});
	}
}

function literalMisfits(values: readonly unknown[], wanted: View, at: string): string[] {
	return values.flatMap((value) => {
		const fits =
			wanted.kind === "literals"
				? wanted.values.some((known) => JSON.stringify(known) === JSON.stringify(value))
				: wanted.kind === typeOfValue(value) || (wanted.kind === "integer" && Number.isInteger(value));
		return fits ? [] : [`${named(at)} may be ${JSON.stringify(value)} on one side only`];
	});
}

function isSameType(given: View, wanted: View): boolean {
	return given.kind === wanted.kind || (given.kind === "integer" && wanted.kind === "number");
}

const lowerBounds = ["minimum", "exclusiveMinimum", "minLength", "minItems"] as const;
const upperBounds = ["maximum", "exclusiveMaximum", "maxLength", "maxItems"] as const;

function boundMisfits(given: JsonSchema, wanted: JsonSchema, at: string): string[] {
	const tighter = (keyword: string, isTighter: (limit: number, other: number) => boolean): string[] => {
		const [limit, other] = [wanted[keyword], given[keyword]];
		if (typeof limit !== "number") return [];
		if (typeof other === "number" && !isTighter(limit, other)) return [];
		return [`${named(at)} has the ${keyword} ${limit} on one side only`];
	};
	const { pattern } = wanted;
	return [
		...lowerBounds.flatMap((keyword) => tighter(keyword, (limit, other) => limit > other)),
		...upperBounds.flatMap((keyword) => tighter(keyword, (limit, other) => limit < other)),
		...(typeof pattern === "string" && pattern !== given.pattern
			? [`${named(at)} has the pattern ${pattern} on one side only`]
			: []),
	];
}

function typeOf(one: View): string {
	return one.kind === "literals" ? one.values.map((value) => JSON.stringify(value)).join(" or ") : one.kind;
}

function typeOfValue(value: unknown): string {
	if (value === null) return "null";
	return Array.isArray(value) ? "array" : typeof value;
}

function named(at: string): string {
	return at === "" ? "it" : at;
}
