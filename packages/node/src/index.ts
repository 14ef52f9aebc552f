import "./platform/node-version.ts";

export { createApp } from "./app/app.ts";
export type { App, AppClientOptions, AppLimits, AppOptions } from "./app/app-type.ts";
export { BackendConnection, type BackendConnectionOptions } from "./app/backend-connection.ts";
export { ContractCheck } from "./app/contract-check.ts";
export { FailedProcess } from "./app/failed-process.ts";
export { Lifecycle, type LifecycleOptions } from "./app/lifecycle.ts";
export { Listeners, type ListenersOptions } from "./app/listeners.ts";
export { NamedTransport, type NamedTransportOptions } from "./app/named-transport.ts";
export { type OpenPortOptions, warnOfOpenPort } from "./app/open-port.ts";
export type { Part } from "./app/part.ts";
export type { ProcessOptions } from "./app/process-options.ts";
export { reachableHost } from "./app/reachable-host.ts";

export { type Runnable, runUntilSignal } from "./app/run-until-signal.ts";
export { StartReport } from "./app/start-report.ts";
export { type TextLoggerOptions, textLogger } from "./app/text-logger.ts";
export { within } from "./app/within.ts";
export type { BackendChoice } from "./config/backend.ts";
export type { Adapter, Adapters } from "./config/backends.ts";
export {
	type Config,
	type ConfigOverrides,
	parseListen,
	readConfig,
} from "./config/config.ts";
export { type Credentials, parseCredentials, readCredentials } from "./config/credentials.ts";
export type { Environment } from "./config/environment.ts";
export { invalidConfiguration, isInvalidConfiguration } from "./config/invalid-configuration.ts";
export { maskUrl } from "./config/mask-url.ts";
export { memoryBroker } from "./config/memory-broker.ts";
export { memoryEventStore } from "./config/memory-event-store.ts";
export { type OpenBrokerOptions, openBroker } from "./config/open-broker.ts";
export { type OpenEventStoreOptions, openEventStore } from "./config/open-event-store.ts";
export { type OpenRegistryOptions, openRegistry } from "./config/open-registry.ts";
export { type OpenViewStoreOptions, openViewStore } from "./config/open-view-store.ts";
export {
	type Asking,
	describeAccepted,
	describeService,
	type InstanceReadiness,
	isAlliumAt,
	readinessAt,
	servicesAt,
} from "./discovery/ask-instance.ts";
export { getJson, type JsonAnswer } from "./discovery/get-json.ts";
export { httpUrl, httpUrlOf } from "./discovery/http-url.ts";
export { cors } from "./http/cors.ts";
export type { HttpLayer } from "./http/http-layer.ts";
export type { HttpPeerOptions } from "./http/http-peer.ts";
export type { HttpReader } from "./http/http-reader.ts";
export type { HttpRequest } from "./http/http-request.ts";
export type { HttpResponse } from "./http/http-response.ts";
export { type HttpsOptions, http, https } from "./http/http-transport.ts";
export { ResponseLayer } from "./http/response-layer.ts";
export { addVary } from "./http/vary.ts";
export { acceptFrames } from "./pipe/accept-frames.ts";
export { type FramesOptions, type FramesTlsOptions, frames, framesTls } from "./pipe/frames-transport.ts";
export { type NodeTransportsOptions, nodeDialers, nodeTransports } from "./pipe/node-transports.ts";
export { SocketPipe } from "./pipe/socket-pipe.ts";
export { platformTimeout } from "./platform/timeout.ts";
export type { MetricsSource } from "./protocol/operations.ts";
export type { PortProtocol, Readiness } from "./protocol/port-protocol.ts";
export type { Resumption } from "./protocol/resumption.ts";
export type { ProxyProtocol } from "./proxy/proxy-protocol.ts";
export type { FramesSession } from "./server/frames-protocol.ts";
export { checkHosts, hostOf } from "./server/hosts.ts";
export { checkServerLimits, defaultServerLimits, type ServerLimits } from "./server/limits.ts";
export { isLoopback } from "./server/loopback.ts";
export { listen, type ServerOptions } from "./server/server.ts";
export { identityIn } from "./tls/identity.ts";
export { tlsFolder } from "./tls/tls-folder.ts";
export type {
	ClientCertificates,
	PlainPolicy,
	ServerCertificates,
	TlsOptions,
} from "./tls/tls-options.ts";
export {
	sendWebhook,
	type WebhookMessage,
	type WebhookTarget,
} from "./webhook/send-webhook.ts";
export { type WebhookOptions, webhook } from "./webhook/webhook.ts";
export {
	type VerifiedWebhook,
	type VerifyWebhookOptions,
	verifyWebhook,
	type WebhookHeaders,
	type WebhookSecret,
	webhookSecret,
} from "./webhook/webhook-signature.ts";
export { isOriginAllowed } from "./websocket/origin.ts";
export type { WebSocketsOptions } from "./websocket/websockets.ts";
