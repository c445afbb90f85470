# Prints the tree of a registry's filesystem driver, below $1, one file a line:
#   s …              what df says of the file system
#   l TIME SIZE PATH a manifest's or tag's link
#   u TIME SIZE PATH a file of an upload in progress
#   b TIME SIZE PATH a blob
#   repositories/…   a folder that has to be there, or a link that is malformed
#   ! TEXT           a complaint
# The last line is "end". A first line "tools …" or "missing …" is the only one.
LC_ALL=C
export LC_ALL
for tool in find stat grep; do
  command -v "$tool" >/dev/null 2>&1 || { echo "tools $tool"; exit 0; }
done
for folder in "$1" docker/registry/v2; do
  [ -d "$folder" ] || { echo "missing $folder"; exit 0; }
  cd "$folder" 2>/dev/null || { echo "! cannot enter $folder"; echo end; exit 0; }
done
df -P -k . 2>/dev/null | while IFS= read -r line; do echo "s $line"; done

walk() {
  complaints=$(find "$@" 2>&1 >&3)
  status=$?
  [ "$status" -lt 2 ] || echo "! find ended with $status"
  [ -z "$complaints" ] || printf '%s\n' "$complaints" | while IFS= read -r line; do echo "! $line"; done
}
exec 3>&1
# One group with -exec + for each find, and none in parentheses: busybox forgets the
# last batch of all others. A tag can be named _layers, too.
walk repositories \
  -type d -path '*/_manifests/tags/*/index' -prune \
  -o -type d -path '*/_manifests' -print \
  -o -type d -path '*/_manifests/tags' -print \
  -o -type d -path '*/_layers' -print \
  -o -type f -path '*/_layers/*/*/link' -size 0 -print \
  -o -type f -name link ! -path '*/_layers/*/*/link' \
    -exec stat -c 'l %Y %s %n' {} + \
    -exec grep -L -E '^(sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$' {} +
walk repositories -type d \( -name _layers -o -name _manifests \) -prune \
  -o -type f -path '*/_uploads/*' -exec stat -c 'u %Y %s %n' {} +
walk blobs -type f -name data -exec stat -c 'b %Y %s %n' {} +
echo end
