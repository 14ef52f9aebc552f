export { type KubernetesRegistryOptions, registry } from "./kubernetes-registry.ts";
