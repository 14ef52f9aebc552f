import {
	defaultResource,
	detectResources,
	envDetector,
	type Resource,
	resourceFromAttributes,
} from "@opentelemetry/resources";

/**
 * The description of this process in its telemetry. Values from code take precedence over `OTEL_RESOURCE_ATTRIBUTES`.
 */
export function resourceOf(name: string, version: string | undefined): Resource {
	const own = resourceFromAttributes({
		"service.name": name,
		"service.instance.id": crypto.randomUUID(),
		...(version !== undefined && { "service.version": version }),
		"process.pid": process.pid,
	});
	return defaultResource()
		.merge(detectResources({ detectors: [envDetector] }))
		.merge(own);
}
