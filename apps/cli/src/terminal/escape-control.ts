// Controls, and the invisible characters that turn the direction of what follows: a name must not be able to draw on the terminal.
const dangerous = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g
const dangerousInText = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** A name as a terminal may show it: each control character as `\u{1b}`. */
export function escapeControl(name: string): string {
  return name.replace(dangerous, escape)
}

/** Text of several lines as a terminal may show it: tabs and newlines stay. */
export function escapeText(text: string): string {
  return text.replace(dangerousInText, escape)
}

function escape(char: string): string {
  return `\\u{${char.charCodeAt(0).toString(16)}}`
}
