#!/bin/sh
# Says whether every labelled line still holds its snippet: sh examples/labels/check.sh
# Needs nothing but awk. Reads the plain one-key-a-line form that these label files are written in.
here=$(cd "$(dirname "$0")" && pwd)
status=0
for labels in "$here"/*.yaml; do
  app=$(basename "$labels" .yaml)
  awk -v root="$here/../$app" -v app="$app" '
    function unquote(s) { sub(/^\047/, "", s); sub(/\047$/, "", s); gsub(/\047\047/, "\047", s); return s }
    function text_at(path, n,   l, i) {
      i = 0; found = ""
      while ((getline l < (root "/" path)) > 0) if (++i == n) { found = l; break }
      close(root "/" path)
      return found
    }
    function expect(path, n, snippet) {
      checked++
      if (snippet == "" || index(text_at(path, n), snippet) == 0) { print app " " id ": " path ":" n " no longer holds: " snippet; bad++ }
    }
    /^- id: /            { id = $3; list = ""; lines = snippets = 0 }
    /^  file: /          { file = $2 }
    /^  line: /          { line = $2 }
    /^  snippet: /       { sub(/^  snippet: /, ""); expect(file, line, unquote($0)); next }
    /^  also_lines:/     { list = "lines"; next }
    /^  also_snippets:/  { list = "snippets"; next }
    /^  - / && list == "lines"    { place[++lines] = $2; next }
    /^  - / && list == "snippets" {
      sub(/^  - /, "")
      where = place[++snippets]; path = file; n = where
      if (where ~ /:/) { n = where; sub(/.*:/, "", n); path = where; sub(/:[0-9]+$/, "", path) }
      expect(path, n, unquote($0)); next
    }
    { list = "" }
    END { print app ": " checked " places, " (bad + 0) " moved"; exit (bad > 0 || checked == 0) }
  ' "$labels" || status=1
done
exit $status
