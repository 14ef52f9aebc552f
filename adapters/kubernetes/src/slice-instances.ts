import { createHash } from "node:crypto";
import type { Instance, ServedContract } from "@allium/core";
import type { EndpointSlice, SliceEndpoint, SlicePort } from "./endpoint-slice.ts";

/** The label that tells the Service of a slice. */
const serviceNameLabel = "kubernetes.io/service-name";
/** The beginning of the labels that tell the contracts of a Service: `service.allium/orders: "1.2.0"`. */
const contractLabel = "service.allium/";
/** The place of a contract's name in the name of a Service. */
export const placeholder = "{service}";

/** How Services and their ports are understood. */
export interface SliceReading {
	/** The namespace of Allium that the instances are in. */
	readonly namespace: string;
	/** The name of the Service of a contract, such as `prod-{service}`. */
	readonly serviceName: string;
	/** The name of a port that speaks frames, in addition to ports with the name `allium`. Undefined for none. */
	readonly port: string | undefined;
}

/** An instance as one slice describes it. Several slices may describe the same instance. */
export type SliceInstance = Omit<Instance, "startedAt" | "weight">;

/** The instances in a slice. There are none if its Service has no port that Allium can call. */
export function sliceInstances(slice: EndpointSlice, reading: SliceReading): SliceInstance[] {
	const labels = slice.metadata.labels ?? {};
	const service = labels[serviceNameLabel];
	const ports = portsOf(slice.ports ?? [], reading.port);
	if (service === undefined || ports.length === 0) return [];
	const services = contractsOf(labels, service, reading.serviceName);
	if (services.length === 0) return [];
	const ofService = plainLabels(labels);
	return (slice.endpoints ?? []).flatMap((endpoint) => {
		const status = statusOf(endpoint);
		const [host] = endpoint.addresses;
		if (status === undefined || host === undefined) return [];
		const { zone, targetRef } = endpoint;
		return [
			{
				id: targetRef?.uid ?? hostId(slice.metadata.namespace, host),
				app: service,
				namespace: reading.namespace,
				addresses: ports.map(
					({ scheme, port }) => `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`,
				),
				services,
				...(zone != null && { zone }),
				labels: { ...ofService, ...placeLabels(endpoint) },
				status,
			},
		];
	});
}

/**
 * The status of an endpoint; undefined where it is to be forgotten. A missing condition counts as Kubernetes says:
 * ready, serving as it is ready, and not terminating.
 */
function statusOf({ conditions }: SliceEndpoint): Instance["status"] | undefined {
	const isReady = conditions?.ready ?? true;
	const isServing = conditions?.serving ?? isReady;
	if (conditions?.terminating === true) return isServing ? "draining" : undefined;
	return isReady ? "up" : "unhealthy";
}

/** The ports that Allium can call, frames first. */
function portsOf(ports: readonly SlicePort[], named: string | undefined): { scheme: string; port: number }[] {
	const found = ports.flatMap((one) => {
		const { name, port, protocol } = one;
		if (port == null || (protocol ?? "TCP") !== "TCP") return [];
		const scheme =
			schemeOf(one.appProtocol) ?? schemeOf(name) ?? (name != null && name === named ? "allium" : undefined);
		return scheme === undefined ? [] : [{ scheme, port }];
	});
	return found.sort((one, other) => schemes.indexOf(one.scheme) - schemes.indexOf(other.scheme));
}

/** The schemes of ports, the preferred first. */
const schemes: readonly string[] = ["allium+tls", "allium", "https", "http"];

const schemeNames: Readonly<Record<string, string>> = {
	allium: "allium",
	"allium-tls": "allium+tls",
	http: "http",
	"kubernetes.io/h2c": "http",
	https: "https",
};

function schemeOf(name: string | null | undefined): string | undefined {
	return name != null && Object.hasOwn(schemeNames, name) ? schemeNames[name] : undefined;
}

/** The contracts that labels name, else the one that the name of the Service stands for. */
function contractsOf(
	labels: Readonly<Record<string, string>>,
	service: string,
	template: string,
): ServedContract[] {
	const named = Object.entries(labels)
		.filter(([label]) => label.startsWith(contractLabel))
		.map(([label, version]) => ({ name: label.slice(contractLabel.length), version, hash: "" }));
	if (named.length > 0) return named.sort((one, other) => (one.name < other.name ? -1 : 1));
	const [before = "", after = ""] = template.split(placeholder);
	const fits =
		service.startsWith(before) && service.endsWith(after) && service.length > before.length + after.length;
	if (!fits) return [];
	return [{ name: service.slice(before.length, service.length - after.length), version: "", hash: "" }];
}

/** The labels without a prefix. The others belong to tools, such as `app.kubernetes.io/name`. */
function plainLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
	return Object.fromEntries(Object.entries(labels).filter(([label]) => !label.includes("/")));
}

function placeLabels({ targetRef, nodeName }: SliceEndpoint): Record<string, string> {
	const pod = targetRef?.name;
	return { ...(pod != null && { pod }), ...(nodeName != null && { node: nodeName }) };
}

/** The id of an endpoint without a pod. */
function hostId(namespace: string, host: string): string {
	return createHash("sha256").update(`${namespace} ${host}`).digest("hex").slice(0, 16);
}
