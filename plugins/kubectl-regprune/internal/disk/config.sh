# Prints how the registry of this container was started, and its configuration. $1 is a
# random word that begins every part, $2 a configuration file if that is known.
#   WORD argv PID     the command, NUL after every argument
#   WORD exe          the program's file
#   WORD cwd          its folder
#   WORD env          settings NAME=VALUE, of which secrets have no value
#   WORD same         "yes" if a command run here has the same settings
#   WORD config PATH  the file
#   WORD end
LC_ALL=C
export LC_ALL
word=$1 config=$2
for tool in cat tr sed sort readlink; do
  command -v "$tool" >/dev/null 2>&1 || { echo "tools $tool"; exit 0; }
done

# A value is printed only of settings that say where and how content is stored.
settings() {
  tr '\n\000' '\001\n' <"$1" 2>/dev/null | sed -n '/^REGISTRY_/p' | sort
}
harmless='^REGISTRY_\(STORAGE\|STORAGE_FILESYSTEM.*\|STORAGE_DELETE.*\|STORAGE_CACHE.*\|STORAGE_MAINTENANCE.*\|CONFIGURATION_PATH\|HTTP_ADDR\)='

registry=
for dir in /proc/[0-9]*; do
  arguments=$(tr '\000' '\n' <"$dir/cmdline" 2>/dev/null) || continue
  case "
$arguments
" in
  *'
serve
'*) registry=$dir; break ;;
  esac
done
[ -n "$registry" ] || { echo "process"; exit 0; }
printf '\n%s argv %s\n' "$word" "${registry#/proc/}"
cat "$registry/cmdline"
printf '\n%s exe\n%s' "$word" "$(readlink "$registry/exe" 2>/dev/null)"
folder=$(readlink "$registry/cwd" 2>/dev/null)
printf '\n%s cwd\n%s' "$word" "$folder"
printf '\n%s env\n' "$word"
if [ -r "$registry/environ" ]; then
  settings "$registry/environ" | sed "/$harmless/!s/=.*/=/"
  [ "$(settings "$registry/environ")" = "$(settings /proc/$$/environ)" ] && same=yes || same=no
else
  same=unreadable
fi
printf '\n%s same\n%s' "$word" "$same"
if [ -z "$config" ]; then
  config=$(tr '\000' '\n' <"$registry/cmdline" | sed -n '/\.ya\{0,1\}ml$/p' | sed -n '$p')
  [ -n "$config" ] || config=$(settings "$registry/environ" | sed -n 's/^REGISTRY_CONFIGURATION_PATH=//p')
fi
case $config in
'' | /*) ;;
*) config=$folder/$config ;;
esac
printf '\n%s config %s\n' "$word" "$config"
[ -z "$config" ] || cat "$config"
printf '\n%s end\n' "$word"
