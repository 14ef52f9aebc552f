export { clockIn } from "./clock-in.ts";
export { excerpt, strangerAt } from "./faults.ts";
export { type Fields, fields } from "./fields.ts";
export { type BackendAnswer, type BackendRequest, HttpBackend } from "./http-backend.ts";
export { Pulse, type PulseOptions } from "./pulse.ts";
export { type ServerUrl, type ServerUrlForm, serverUrl } from "./server-url.ts";
export { ServerView, type ServerViewOptions } from "./server-view.ts";
export { ServiceViews, type ViewSource } from "./service-views.ts";
export { type BackendTls, readTls } from "./tls.ts";
