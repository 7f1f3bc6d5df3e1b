/** Text for HTML, in content and in quoted attributes. Control characters, which a page cannot hold, are shown as symbols. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`)
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, (character) =>
      String.fromCharCode(0x2400 + character.charCodeAt(0)),
    )
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}
