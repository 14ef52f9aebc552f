import { join } from "node:path";
import { refusal } from "@allium/core/adapter";
import type { Cluster, ClusterCredentials } from "./cluster.ts";
import { readCredentialFile } from "./credential-file.ts";
import { Renewed } from "./renewed.ts";

/** The folder in which Kubernetes mounts the credentials of a pod's service account. */
export const serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The variables of a process. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Whether a process runs in a pod, as far as its environment tells. */
export function isInCluster({ KUBERNETES_SERVICE_HOST: host }: Variables): boolean {
	return host !== undefined && host !== "";
}

/**
 * The cluster of the pod that a process runs in, with the credentials of its service account.
 *
 * @param folder where they are mounted: {@link serviceAccountFolder}.
 * @throws ServiceError `failed_precondition` where the pod has no service account.
 */
export async function inCluster(env: Variables, folder: string): Promise<Cluster> {
	const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = env;
	if (host === undefined || host === "") {
		throw refusal("KUBERNETES_SERVICE_HOST is not set: this process does not run in a pod");
	}
	const namespace = await readCredentialFile(join(folder, "namespace"), "the namespace of the pod");
	const credentials = new Renewed(async (): Promise<ClusterCredentials> => {
		const token = await readCredentialFile(
			join(folder, "token"),
			"the token of the pod's service account (automountServiceAccountToken)",
		);
		const ca = await readCredentialFile(join(folder, "ca.crt"), "the certificate of the cluster's authority");
		return { token: token.trim(), ca };
	});
	await credentials.get(false);
	return {
		server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
		namespace: namespace.trim(),
		credentials: (wasRefused) => credentials.get(wasRefused),
	};
}
