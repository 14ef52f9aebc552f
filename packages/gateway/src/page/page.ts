import { printable } from "@allium/core";
import type { Answer } from "@allium/node/protocol";
import { escaped, json, pageAnswer, pageHeaders, table } from "./html.ts";
import type { Listing, MethodListing, ServiceListing } from "./listing.ts";

/** The front page. It is JSON when an `accept` asks for JSON and not for HTML. */
export function frontPage(listing: Listing, accept: string): Answer {
	if (/\bapplication\/json\b/i.test(accept) && !/\btext\/html\b/i.test(accept)) {
		return {
			status: 200,
			type: "application/json",
			text: printable(JSON.stringify(listing)),
			headers: pageHeaders,
		};
	}
	return pageAnswer("Allium gateway", body(listing));
}

function body({ services, proxies, conflicts, problems }: Listing): string {
	const methods = services.reduce((sum, { methods }) => sum + methods.length, 0);
	return `<header>
<h1>Allium gateway</h1>
<p>${count(services.length, "service")}, ${count(methods, "method")}. Calls take and give JSON:
<code>POST /service/method</code>. This list for programs: <a href="/-/describe">/-/describe</a>,
or this page with <code>Accept: application/json</code>. As an HTTP interface: <a href="/-/openapi">/-/openapi</a>.</p>
</header>
<main>
${services.length === 0 ? "<p>No service is up yet. Start one, and reload this page.</p>" : services.map(service).join("\n")}
${proxies.length === 0 ? "" : proxyTable(proxies)}
${conflicts.length === 0 ? "" : conflictList(conflicts)}
${problems.length === 0 ? "" : problemList(problems)}
</main>`;
}

function service({ name, version, summary, instances, methods, routes }: ServiceListing): string {
	const state = instances === 0 ? "no instance is up" : `${count(instances, "instance")} up`;
	const rows = routes.map(({ verb, path, method }) => [verb, path, method]);
	return `<section id="${escaped(name)}">
<h2>${escaped(name)} <small>${escaped(version)}</small> <span class="state${instances === 0 ? " down" : ""}">${state}</span></h2>
${summary === undefined ? "" : `<p>${escaped(summary)}</p>`}
${methods.map(method).join("\n")}
${rows.length === 0 ? "" : table(["Route", "", "Method"], rows)}
</section>`;
}

function method({ name, summary, kind, effect, path, example, input, output }: MethodListing): string {
	const streams = kind === "unary" ? "" : ` <span class="tag stream">${kind.replaceAll("_", " ")}</span>`;
	return `<article>
<h3><code>${escaped(path)}</code>${streams} <span class="tag ${effect}">${effect}</span></h3>
${summary === undefined ? "" : `<p>${escaped(summary)}</p>`}
<pre><code>${escaped(example)}</code></pre>
<details><summary>Schemas of ${escaped(name)}</summary>
<div class="schemas"><div><h4>Input</h4><pre><code>${json(input)}</code></pre></div>
<div><h4>Output</h4><pre><code>${json(output)}</code></pre></div></div></details>
</article>`;
}

function proxyTable(proxies: Listing["proxies"]): string {
	const rows = proxies.map(({ path, url }) => [path, url]);
	return `<section><h2>Web services</h2>${table(["Path", "Passed on to"], rows)}</section>`;
}

function conflictList(conflicts: Listing["conflicts"]): string {
	const rows = conflicts.map(({ service, verb, path, message }) => [service, `${verb} ${path}`, message]);
	return `<section><h2>Routes that are not served</h2>${table(["Service", "Route", "Why"], rows)}</section>`;
}

function problemList(problems: Listing["problems"]): string {
	const rows = problems.map(({ service, why }) => [service, why]);
	return `<section><h2>Services that cannot be called</h2>${table(["Service", "Why"], rows)}</section>`;
}

function count(number: number, thing: string): string {
	return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
