import { isServiceName, parseServiceList } from "@allium/core/registry";

/** The addresses of services, by name. */
export type ServiceAddresses = ReadonlyMap<string, readonly string[]>;

/** The reason why a text or file lists no addresses, as the end of a sentence. */
export class ListingFault extends Error {}

const listForm = "write orders=http://10.0.0.1:4000,http://10.0.0.2:4000;stock=allium://10.0.0.3:4000";
const fileForm =
	'write {"orders": ["http://10.0.0.1:4000", "http://10.0.0.2:4000"], "stock": "allium://10.0.0.3:4000"}';

/**
 * Reads addresses as a URL lists them: `orders=http://a:1,http://b:2;stock=allium://c:3`.
 *
 * @throws ListingFault, or ServiceError `invalid_argument`, that names the fault and the correct form.
 */
export function parseList(text: string): ServiceAddresses {
	return checked(parseServiceList(text, listForm), listForm);
}

/**
 * Reads addresses as a file lists them: a JSON object with an address, or a list of them, for each service.
 *
 * @throws ListingFault that names the fault and the correct form.
 */
export function parseFile(text: string): ServiceAddresses {
	let content: unknown;
	try {
		content = JSON.parse(text.replace(/^\ufeff/, ""));
	} catch (error) {
		throw new ListingFault(`it is not JSON: ${error instanceof Error ? error.message : String(error)}`);
	}
	if (typeof content !== "object" || content === null || Array.isArray(content)) {
		throw new ListingFault(`it is not a JSON object; ${fileForm}`);
	}
	return checked(Object.entries(content), fileForm);
}

function checked(entries: Iterable<readonly [string, unknown]>, form: string): ServiceAddresses {
	const found = new Map<string, readonly string[]>();
	for (const [service, value] of entries) {
		if (!isServiceName(service)) {
			throw new ListingFault(`${JSON.stringify(service)} is not the name of a service; ${form}`);
		}
		const addresses: readonly unknown[] = Array.isArray(value) ? value : [value];
		found.set(service, [...new Set(addresses.map((address) => checkAddress(service, address)))]);
	}
	return found;
}

function checkAddress(service: string, address: unknown): string {
	const url = typeof address === "string" && URL.canParse(address) ? new URL(address) : undefined;
	const fault = (why: string): ListingFault =>
		new ListingFault(
			`the address ${JSON.stringify(address)} of ${service} ${why}; write scheme://host:port, such as http://10.0.0.1:4000`,
		);
	if (typeof address !== "string" || url === undefined || url.hostname === "")
		throw fault("is not a URL with a host");
	if (url.username !== "" || url.password !== "") {
		throw new ListingFault(`an address of ${service} holds credentials; give those to the clients instead`);
	}
	if (url.search !== "" || url.hash !== "") throw fault('holds "?" or "#"');
	if (url.port === "" && !/^(https?|wss?):$/.test(url.protocol)) throw fault("has no port");
	return address;
}
