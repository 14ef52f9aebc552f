import { ServiceError } from "../errors/service-error.ts";

/**
 * Reads the entries that a URL lists for each service, such as its addresses: `orders=a,b;stock=c`. For authors of
 * registries.
 *
 * @param example the correct form, for the error.
 * @throws ServiceError `invalid_argument` that names the fault and the correct form.
 * @example
 * parseServiceList("orders=http://a:1,http://b:2;stock=allium://c:3", "write orders=http://10.0.0.1:4000");
 */
export function parseServiceList(text: string, example: string): Map<string, readonly string[]> {
	const found = new Map<string, readonly string[]>();
	for (const entry of text.split(";")) {
		if (entry.trim() === "") continue;
		const at = entry.indexOf("=");
		if (at < 0) throw fault(`${JSON.stringify(entry)} has no "="; ${example}`);
		const service = entry.slice(0, at).trim();
		if (!isServiceName(service)) {
			throw fault(`${JSON.stringify(service)} is not the name of a service; ${example}`);
		}
		if (found.has(service)) throw fault(`${service} is listed twice; list all that it has at once`);
		const items = entry.slice(at + 1).split(",");
		found.set(
			service,
			items.map((item) => item.trim()),
		);
	}
	return found;
}

/** Whether a text can be the name of a service: letters, digits, ".", "_" and "-". */
export function isServiceName(text: string): boolean {
	return /^[A-Za-z0-9._-]+$/.test(text);
}

function fault(message: string): ServiceError {
	return new ServiceError({ code: "invalid_argument", message });
}
