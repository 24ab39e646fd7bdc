// What Discord takes with a message. Pure.

export const CONTENT_MAX = 2000;
export const FILES_MAX = 10;
export const FILE_BYTES_MAX = 10 * 1024 * 1024;

/** Split files into those that fit beside `count` others and the reasons against the rest, in words. */
export function admit(count, files) {
  const small = files.filter(({ size }) => size <= FILE_BYTES_MAX);
  const admitted = small.slice(0, Math.max(FILES_MAX - count, 0));
  const problems = files
    .filter((file) => !small.includes(file))
    .map(({ name, size }) => {
      const limit = sizeLabel(FILE_BYTES_MAX);
      return `${name} is too large (${sizeLabel(size)}). Discord takes files of up to ${limit}: try a smaller one.`;
    });
  const left = small.slice(admitted.length).map(({ name }) => name);
  if (left.length) {
    const which = left.length > 3 ? `${left.length} files were` : `${left.join(", ")} ${left.length > 1 ? "were" : "was"}`;
    problems.push(`Discord takes ${FILES_MAX} files with a message: ${which} left out. Send the rest in the next one.`);
  }
  return { admitted, problems };
}

/** How many characters more a message may have; negative if it has too many. */
export function charactersLeft(text) {
  return CONTENT_MAX - [...text].length;
}

export function sizeLabel(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  const [unit, size] = bytes < 1024 ** 2 ? ["KB", 1024] : ["MB", 1024 ** 2];
  return `${Number((bytes / size).toFixed(bytes / size < 10 ? 1 : 0))} ${unit}`;
}
