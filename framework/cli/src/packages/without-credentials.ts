/** A text without the names and passwords in its URLs. */
export function withoutCredentials(text: string): string {
  return text.replace(/:\/\/[^\s/@]+@/g, "://***@");
}
