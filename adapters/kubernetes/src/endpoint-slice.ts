/** The part of an EndpointSlice of `discovery.k8s.io/v1` that is read. */
export interface EndpointSlice {
	readonly metadata: {
		readonly name: string;
		readonly namespace: string;
		readonly resourceVersion: string;
		readonly labels?: Readonly<Record<string, string>> | null;
	};
	readonly endpoints?: readonly SliceEndpoint[] | null;
	readonly ports?: readonly SlicePort[] | null;
}

export interface SliceEndpoint {
	readonly addresses: readonly string[];
	readonly conditions?: {
		readonly ready?: boolean | null;
		readonly serving?: boolean | null;
		readonly terminating?: boolean | null;
	} | null;
	readonly zone?: string | null;
	readonly nodeName?: string | null;
	/** The pod. */
	readonly targetRef?: { readonly uid?: string | null; readonly name?: string | null } | null;
}

export interface SlicePort {
	/** Empty where the Service has one port without a name. */
	readonly name?: string | null;
	/** Null for all ports. */
	readonly port?: number | null;
	readonly protocol?: string | null;
	readonly appProtocol?: string | null;
}

/** A page of a list. */
export interface SliceList {
	readonly metadata: { readonly resourceVersion: string; readonly continue?: string | undefined };
	readonly items: readonly unknown[];
}

/** Whether a value is an EndpointSlice, as far as it is read. */
export function isEndpointSlice(value: unknown): value is EndpointSlice {
	if (!isObject(value) || !isObject(value.metadata)) return false;
	const { name, namespace, resourceVersion, labels } = value.metadata;
	return (
		[name, namespace, resourceVersion].every(isString) &&
		isOptional(labels, (one) => isObject(one) && Object.values(one).every(isString)) &&
		isOptional(value.endpoints, (one) => Array.isArray(one) && one.every(isSliceEndpoint)) &&
		isOptional(value.ports, (one) => Array.isArray(one) && one.every(isSlicePort))
	);
}

/** Whether a value is a page of a list. */
export function isSliceList(value: unknown): value is SliceList {
	if (!isObject(value) || !isObject(value.metadata) || !Array.isArray(value.items)) return false;
	return isString(value.metadata.resourceVersion) && isOptional(value.metadata.continue, isString);
}

/** The version of an object, which a bookmark has, too. */
export function resourceVersionOf(value: unknown): string | undefined {
	const version = isObject(value) && isObject(value.metadata) ? value.metadata.resourceVersion : undefined;
	return isString(version) && version !== "" ? version : undefined;
}

function isSliceEndpoint(value: unknown): value is SliceEndpoint {
	if (!isObject(value)) return false;
	const { addresses, conditions, zone, nodeName, targetRef } = value;
	return (
		Array.isArray(addresses) &&
		addresses.every(isString) &&
		isOptional(conditions, isConditions) &&
		isOptional(zone, isString) &&
		isOptional(nodeName, isString) &&
		isOptional(
			targetRef,
			(one) => isObject(one) && isOptional(one.uid, isString) && isOptional(one.name, isString),
		)
	);
}

function isConditions(value: unknown): boolean {
	if (!isObject(value)) return false;
	const { ready, serving, terminating } = value;
	return [ready, serving, terminating].every((one) =>
		isOptional(one, (condition) => typeof condition === "boolean"),
	);
}

function isSlicePort(value: unknown): value is SlicePort {
	if (!isObject(value)) return false;
	const { name, port, protocol, appProtocol } = value;
	return (
		[name, protocol, appProtocol].every((one) => isOptional(one, isString)) &&
		isOptional(port, (one) => typeof one === "number")
	);
}

function isOptional(value: unknown, is: (value: unknown) => boolean): boolean {
	return value === undefined || value === null || is(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null;
}

function isString(value: unknown): value is string {
	return typeof value === "string";
}
