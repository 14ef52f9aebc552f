import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Instance, instanceIdentity } from "@allium/core";
import type { TlsOptions } from "@allium/node";
import { expiry } from "./expiry.ts";
import { type Examined, type Finding, ok, wrong } from "./finding.ts";
import { inGroups } from "./in-groups.ts";
import { presentedCertificate } from "./presented-certificate.ts";

/** How much of an id to show: enough to tell instances apart. */
const idLength = 8;

const renewal = "issue a new one (allium tls issue <app> --force); processes take it up without a restart";

/** Examines when the certificates of this environment and of the instances expire, and which names they have. */
export async function examineCertificates(
	tls: TlsOptions | undefined,
	instances: readonly Instance[],
): Promise<Examined> {
	const own = ownCertificates(tls);
	const secure = instances.filter(({ addresses }) => addresses.some(isSecure));
	const { results } = await inGroups(secure, (instance) => instanceFinding(instance, tls));
	const findings = [...own, ...results].filter((finding) => finding !== undefined);
	const bad = findings.filter(({ state }) => state === "wrong");
	if (bad.length > 0) return { findings: bad };
	if (findings.length === 0)
		return { findings: [ok("none is used: neither this environment nor an instance speaks TLS")] };
	return { findings };
}

function isSecure(address: string): boolean {
	return /^(https|allium\+tls):/.test(address);
}

/** The findings about the files of this environment. */
function ownCertificates(tls: TlsOptions | undefined): Finding[] {
	const authorities = certificatesIn(tls?.ca);
	const chain = certificatesIn(tls?.cert);
	const [leaf] = chain;
	return [
		...authorities.map((authority) => dated("an authority of this environment", authority)),
		...(leaf === undefined
			? []
			: [dated("the certificate of this environment", leaf), trusted(chain, authorities)]),
	].filter((finding) => finding !== undefined);
}

function dated(what: string, { validFrom, validTo }: X509Certificate): Finding {
	const { isDue, says } = expiry(Date.parse(validFrom), Date.parse(validTo), Date.now());
	return isDue ? wrong(`${what} ${says}`, renewal) : ok(`${what} ${says}`);
}

/** The finding for a certificate that is not accepted by processes with the same authorities. */
function trusted(
	chain: readonly X509Certificate[],
	authorities: readonly X509Certificate[],
): Finding | undefined {
	const last = chain.at(-1);
	if (last === undefined || authorities.length === 0) return undefined;
	const isIssued = authorities.some(
		(authority) =>
			last.fingerprint256 === authority.fingerprint256 ||
			(last.checkIssued(authority) && last.verify(authority.publicKey)),
	);
	if (isIssued) return undefined;
	return wrong(
		"the certificate of this environment is not issued by an authority that this environment trusts",
		"issue it by the authority in ca.pem, or add the authority that issued it to ca.pem",
	);
}

async function instanceFinding(
	instance: Instance,
	tls: TlsOptions | undefined,
): Promise<Finding | undefined> {
	const { id, app, addresses } = instance;
	const certificate = await presentedCertificate(addresses.find(isSecure) ?? "", tls);
	// The examination of the instances reports instances that do not answer.
	if (certificate === undefined) return undefined;
	const what = `the certificate of ${app} (${id.slice(0, idLength)})`;
	const expected = instanceIdentity(instance);
	if (tls?.serverCertificates === "app" && expected !== undefined && certificate.identity !== expected) {
		return wrong(
			`${what} names ${certificate.identity ?? "nobody"} instead of ${expected}`,
			`issue one for it: allium tls issue ${app}`,
		);
	}
	const { isDue, says } = expiry(certificate.validFrom, certificate.validTo, Date.now());
	return isDue ? wrong(`${what} ${says}`, renewal) : ok(`${what} ${says}`);
}

/** The certificates in a file, or in a text. */
function certificatesIn(source: string | undefined): X509Certificate[] {
	if (source === undefined) return [];
	const text = source.trimStart().startsWith("-----BEGIN") ? source : readFileSync(source, "utf8");
	const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
	return blocks.map((block) => new X509Certificate(block));
}
