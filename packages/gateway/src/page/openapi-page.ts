import type { OpenApiDocument, OpenApiOperation, OpenApiParameter } from "@allium/core/http";
import type { Answer } from "@allium/node/protocol";
import { escaped, json, pageAnswer, table } from "./html.ts";

/** An OpenAPI document as a page to read: every operation with its parameters, bodies and answers. */
export function openApiPage(document: OpenApiDocument): Answer {
	const { info, tags, paths, components } = document;
	const sections = tags.map(({ name, description }) => {
		const operations = Object.entries(paths).flatMap(([path, verbs]) =>
			Object.entries(verbs)
				.filter(([, operation]) => operation.tags.includes(name))
				.map(([verb, operation]) => operationArticle(verb, path, operation)),
		);
		return `<section><h2>${escaped(name)}</h2>
${description === undefined ? "" : `<p>${escaped(description)}</p>`}
${operations.join("\n")}</section>`;
	});
	const body = `<header>
<h1>${escaped(info.title)}</h1>
<p>OpenAPI ${escaped(document.openapi)}; the document for tools: <a href="/-/openapi.json">/-/openapi.json</a>.
Back to <a href="/">the services</a>.</p>
</header>
<main>
${sections.length === 0 ? "<p>No service is up yet. Start one, and reload this page.</p>" : sections.join("\n")}
${schemas("Shared schemas", components.schemas)}
${schemas("Security", components.securitySchemes ?? {})}
</main>`;
	return pageAnswer(`${info.title}: OpenAPI`, body);
}

function operationArticle(verb: string, path: string, operation: OpenApiOperation): string {
	const { summary, parameters = [], requestBody, responses, security = [] } = operation;
	const wants = security.map((schemes) => Object.keys(schemes).join(" and ")).join(", or ");
	const answers = Object.entries(responses).map(([status, { description }]) => [status, description]);
	return `<article>
<h3><span class="tag">${escaped(verb.toUpperCase())}</span> <code>${escaped(path)}</code></h3>
${summary === undefined ? "" : `<p>${escaped(summary)}</p>`}
${parameters.length === 0 ? "" : table(["Parameter", "In", ""], parameters.map(parameterRow))}
${wants === "" ? "" : `<p>Callers present ${escaped(wants)}.</p>`}
${table(["Status", "Answer"], answers)}
<details><summary>Schemas</summary>
${requestBody === undefined ? "" : `<h4>Body</h4><pre><code>${json(requestBody.content)}</code></pre>`}
<h4>Answers</h4><pre><code>${json(responses)}</code></pre></details>
</article>`;
}

function parameterRow({ name, in: place, required }: OpenApiParameter): string[] {
	return [name, place, required ? "required" : "optional"];
}

function schemas(title: string, shared: Readonly<Record<string, unknown>>): string {
	const entries = Object.entries(shared);
	if (entries.length === 0) return "";
	const shown = entries.map(
		([name, schema]) =>
			`<details><summary>${escaped(name)}</summary><pre><code>${json(schema)}</code></pre></details>`,
	);
	return `<section><h2>${escaped(title)}</h2>${shown.join("\n")}</section>`;
}
