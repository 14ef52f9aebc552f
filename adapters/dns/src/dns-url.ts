import { ServiceError } from "@allium/core";
import { isServiceName, parseServiceList } from "@allium/core/registry";
import { parseRecordName, placeholder, type RecordName } from "./record-name.ts";

/** The contents of a `dns:` URL. */
export interface DnsUrl {
	/** The services that the URL names. The other services of a template are known when a client asks for them. */
	readonly services: readonly string[];
	/** Whether the URL is a template, so that each service has a name. */
	readonly isTemplate: boolean;
	/** The names of a service; none where the URL does not list it. */
	namesOf(service: string): readonly RecordName[];
	readonly parameters: DnsParameters;
}

/** The query parameters of a `dns:` URL, as they are written there. */
export type DnsParameters = Readonly<Partial<Record<(typeof parameterNames)[number], string>>>;

const parameterNames = [
	"server",
	"services",
	"family",
	"priorities",
	"pollMs",
	"timeoutMs",
	"graceMs",
] as const;

const form =
	"write dns:{service}.shop.svc.cluster.local:4000, or dns:orders=orders.example.org:4000;stock=_allium._tcp.stock.example.org";

/**
 * Reads a `dns:` URL: a template, or a list of names for each service.
 *
 * @throws ServiceError `invalid_argument` that names the fault and the correct form.
 */
export function parseDnsUrl(url: string): DnsUrl {
	const [text = "", query = ""] = split(url.slice("dns:".length));
	const parameters = parseParameters(query);
	if (text.trim() === "") throw fault(`"${url}" names nothing; ${form}`);
	return text.includes(placeholder) ? template(text.trim(), parameters) : list(text, parameters);
}

function template(text: string, parameters: DnsParameters): DnsUrl {
	// The name of any service is checked when it is asked for. This finds the faults of the template itself.
	parseRecordName(text.replaceAll(placeholder, "service"));
	const services = (parameters.services ?? "").split(",").map((service) => service.trim());
	const named = services.filter((service) => service !== "");
	for (const service of named) {
		if (!isServiceName(service))
			throw fault(`services has ${JSON.stringify(service)}, which is not the name of a service`);
	}
	return {
		services: named,
		isTemplate: true,
		namesOf: (service) => [parseRecordName(text.replaceAll(placeholder, service))],
		parameters,
	};
}

function list(text: string, parameters: DnsParameters): DnsUrl {
	if (parameters.services !== undefined) {
		throw fault(`services belongs to a template with ${placeholder}; a list names its services itself`);
	}
	if (!text.includes("=")) throw fault(`"dns:${text}" does not say which service it is of; ${form}`);
	const names = new Map<string, readonly RecordName[]>();
	for (const [service, items] of parseServiceList(text, form)) {
		names.set(service, [...new Set(items)].map(parseRecordName));
	}
	return {
		services: [...names.keys()],
		isTemplate: false,
		namesOf: (service) => names.get(service) ?? [],
		parameters,
	};
}

function split(text: string): [string, string] {
	const at = text.indexOf("?");
	return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function parseParameters(query: string): DnsParameters {
	const parameters: Record<string, string> = {};
	for (const [name, value] of new URLSearchParams(query)) {
		if (!parameterNames.some((known) => known === name)) {
			throw fault(`"dns:" takes no parameter ${JSON.stringify(name)}; it takes ${parameterNames.join(", ")}`);
		}
		parameters[name] = value;
	}
	return parameters;
}

function fault(message: string): ServiceError {
	return new ServiceError({ code: "invalid_argument", message });
}
