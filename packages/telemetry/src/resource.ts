import {
	defaultResource,
	detectResources,
	envDetector,
	type Resource,
	resourceFromAttributes,
} from "@opentelemetry/resources";

/** What this process is, to those who see its telemetry: what code says goes before `OTEL_RESOURCE_ATTRIBUTES`. */
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
