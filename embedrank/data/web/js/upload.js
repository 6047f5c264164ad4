// Sending files: parcel by parcel, with progress, then watching the job that reads them.
import { ask, askKey, credentials, refusal } from "./api.js";

const MOST_FILES = 200;
const MOST_BYTES = 64 * 2 ** 20;
const LOOK_MS = 400;
export const ENDED = ["done", "failed", "stopped"];

/** Files in parcels that one request can carry; a file alone may be larger, and the server says so. */
export function parcels(files) {
  const made = [];
  let size = Infinity;
  for (const each of files) {
    if (size + each.file.size > MOST_BYTES || made.at(-1).length >= MOST_FILES) { made.push([]); size = 0; }
    made.at(-1).push(each);
    size += each.file.size;
  }
  return made;
}

/** Send one parcel; `onProgress` hears a share of 0..1. Gives the job. */
export async function send(files, onProgress) {
  try {
    return await post(files, onProgress);
  } catch (error) {
    if (error.status === 401 && (await askKey())) return post(files, onProgress);
    throw error;
  }
}

function post(files, onProgress) {
  const form = new FormData();
  for (const { name, file } of files) form.append("files", file, name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch tells nothing of what is on its way
    request.open("POST", "/documents/files");
    for (const [name, value] of Object.entries(credentials())) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event.loaded / event.total));
    request.addEventListener("error", () => reject(refusal(0, { message: "the server cannot be reached; nothing was sent" })));
    request.addEventListener("load", () => (request.status < 300 ? resolve(request.response) : reject(refusal(request.status, request.response))));
    request.send(form);
  });
}

/** Watch a job until it ends; `onChange` sees each state of it. */
export async function watch(job, onChange) {
  let now = job;
  onChange(now);
  while (!ENDED.includes(now.state)) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    now = await ask(`/jobs/${now.id}`);
    onChange(now);
  }
  return now;
}
