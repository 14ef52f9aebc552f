import { checkJson } from "./check-json.ts";
import type { EventDeclaration } from "./event-declaration.ts";
import { isEventVersion } from "./event-version.ts";
import { hasString } from "./has-string.ts";
import { checkName } from "./name.ts";
import { jsonSchema } from "./schema.ts";

/**
 * Checks the rules that the compiler did not or could not check.
 *
 * @throws TypeError for an event that could not be published, or whose earlier versions could not be read.
 */
export function checkedEvent(service: string, name: string, spec: EventDeclaration): EventDeclaration {
	checkName("event", name);
	const type = `${service}.${name}`;
	const { data, key, version = 1, upcast = {} } = spec;
	checkJson(type, "data", data, "output");
	if (!isEventVersion(version)) {
		throw new TypeError(`${type}: the version is ${String(version)}; versions are 1, 2, 3 and so on`);
	}
	checkUpcasts(type, version, upcast);
	if (key !== undefined) checkKey(type, key, spec);
	return spec;
}

/** The upcasts are a chain without gaps that ends at the version. */
function checkUpcasts(type: string, version: number, upcast: object): void {
	for (const [earlier, step] of Object.entries(upcast)) {
		if (!isEventVersion(Number(earlier)) || Number(earlier) >= version) {
			throw new TypeError(
				`${type}: there is an upcast from version ${earlier}; upcasts are from the versions before ${version}`,
			);
		}
		if (typeof step !== "function") {
			throw new TypeError(`${type}: the upcast from version ${earlier} is no function`);
		}
	}
	const from = Object.keys(upcast).map(Number);
	const first = Math.min(...from, version);
	for (let earlier = first; earlier < version; earlier++) {
		if (from.includes(earlier)) continue;
		throw new TypeError(
			`${type}: the upcast from version ${earlier} to ${earlier + 1} is missing, so that events of version ${first} could not be read`,
		);
	}
}

function checkKey(type: string, key: string, { data }: EventDeclaration): void {
	const described = jsonSchema(data, "output");
	if (described === undefined || hasString(described, key)) return;
	throw new TypeError(
		`${type}: the key "${key}" is no string that all data have; a key is a property that is a string and never missing`,
	);
}
