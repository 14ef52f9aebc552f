import { invalidUrl } from "@allium/core/adapter";
import { checkDuration } from "@allium/core/transport";
import { placeholder } from "./slice-instances.ts";

/** How a registry of Kubernetes is read. Each has a parameter of the same name in the URL; the option of code wins. */
export interface KubernetesSettings {
	/** The path of a kubeconfig. Default: the service account of the pod, else `KUBECONFIG`, else `~/.kube/config`. */
	readonly kubeconfig: string | undefined;
	/** The context of the kubeconfig. Default: its current context. */
	readonly context: string | undefined;
	/** The namespace of Kubernetes, or `*` for all. Default: that of the pod or of the context. */
	readonly namespace: string | undefined;
	/** A label selector of the EndpointSlices, such as `system=shop`. Default: all. */
	readonly selector: string | undefined;
	/** The name of the Service of a contract, such as `prod-{service}`. Default: `{service}`. */
	readonly service: string;
	/** The name of a port that speaks frames, in addition to ports with the name `allium`. Default: none. */
	readonly port: string | undefined;
	/** How long the API server may take to answer, in milliseconds. Default: 10000. */
	readonly answerMs: number;
	/** How long a watch may be silent until it is ended and begun again, in milliseconds. Default: 90000. */
	readonly silenceMs: number;
	/** How long instances stay that the first list after an outage lacks, in milliseconds. Default: 5000. */
	readonly graceMs: number;
}

const defaults = { answerMs: 10_000, silenceMs: 90_000, graceMs: 5_000 } as const;

const names: readonly (keyof KubernetesSettings)[] = [
	"kubeconfig",
	"context",
	"namespace",
	"selector",
	"service",
	"port",
	"answerMs",
	"silenceMs",
	"graceMs",
];

/**
 * Reads a `kubernetes:` URL, whose parts are query parameters.
 *
 * @throws ServiceError `invalid_argument` that names the fault and the correct form; RangeError for a duration of code.
 */
export function kubernetesSettings(url: string, options: Partial<KubernetesSettings>): KubernetesSettings {
	const [path = "", query = ""] = url.slice("kubernetes:".length).split("?", 2);
	if (path !== "") {
		throw invalidUrl(
			`"${url}" has ${JSON.stringify(path)} after "kubernetes:"; write kubernetes:?namespace=shop`,
		);
	}
	const parameters: Record<string, string> = {};
	for (const [name, value] of new URLSearchParams(query)) {
		if (!names.some((known) => known === name)) {
			throw invalidUrl(
				`"kubernetes:" takes no parameter ${JSON.stringify(name)}; it takes ${names.join(", ")}`,
			);
		}
		parameters[name] = value;
	}
	const text = (name: "kubeconfig" | "context" | "namespace" | "selector" | "port"): string | undefined =>
		options[name] ?? parameters[name];
	return {
		kubeconfig: text("kubeconfig"),
		context: text("context"),
		namespace: checkNamespace(text("namespace")),
		selector: text("selector"),
		service: checkTemplate(options.service ?? parameters.service ?? placeholder),
		port: text("port"),
		answerMs: duration("answerMs", options, parameters),
		silenceMs: duration("silenceMs", options, parameters),
		graceMs: duration("graceMs", options, parameters),
	};
}

function duration(
	name: keyof typeof defaults,
	options: Partial<KubernetesSettings>,
	parameters: Readonly<Record<string, string>>,
): number {
	const given = options[name];
	if (given !== undefined) return checkDuration(name, given, name === "graceMs" ? "finite" : "positive");
	const text = parameters[name];
	if (text === undefined) return defaults[name];
	if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
	throw invalidUrl(
		`the parameter ${name} of "kubernetes:" is ${JSON.stringify(text)}, but takes milliseconds, such as 5000`,
	);
}

function checkNamespace(namespace: string | undefined): string | undefined {
	if (
		namespace === undefined ||
		namespace === "*" ||
		/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace)
	) {
		return namespace;
	}
	throw invalidUrl(
		`the parameter namespace of "kubernetes:" is ${JSON.stringify(namespace)}, but takes the name of a namespace, or *`,
	);
}

function checkTemplate(service: string): string {
	if (service.split(placeholder).length === 2) return service;
	throw invalidUrl(
		`the parameter service of "kubernetes:" is ${JSON.stringify(service)}, but takes a name with ${placeholder} once, such as prod-${placeholder}`,
	);
}
