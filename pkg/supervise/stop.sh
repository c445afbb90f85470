# Ends the processes of a supervised command that has input, from a second exec:
# MAIN GROUP BORN TICKS. The group is the one that was meant if its leader was born
# when the supervisor said so; the number of a group is not used again while it lives.
kx_stat() {
	IFS= read -r kx_l <"/proc/$1/stat" || return
	# shellcheck disable=SC2086 # to be split
	set -- ${kx_l##*") "}
	kx_state=$1 kx_parent=$2 kx_group=$3 kx_session=$4 kx_born=${20}
}
exec 2>/dev/null
[ "$2" -gt 1 ] || exit 3
kx_m=$1 kx_g=$2
kx_stat "$2" && [ "$kx_group" = "$2" ] && [ "$kx_born" = "$3" ] || exit 0
kx_stat "$1" && [ "$kx_group" = "$2" ] && kill -USR1 "$1"

# kx_ours PID says whether it is of the command, as kx_others does in the supervisor.
kx_ours() {
	kx_stat "$1" && [ "$kx_state" != Z ] || return
	case $kx_parent,$kx_group,$kx_session, in "$kx_m",* | *,"$kx_g",*) ;; *) return 1 ;; esac
}
kx_kill() {
	for kx_p in /proc/[0-9]*; do
		kx_p=${kx_p#/proc/}
		kx_ours "$kx_p" && [ "$kx_group" != "$kx_g" ] && kill "-$1" "$kx_p"
	done
	kill "-$1" "-$kx_g"
}
kx_kill TERM
kx_clock() {
	kx_now=0
	read -r kx_l kx_p </proc/uptime && kx_now=${kx_l%.*}${kx_l#*.}
}
kx_clock
kx_grace=$4 kx_until=$((kx_now + 10 * $4))
while [ "$kx_grace" -gt 0 ] && [ "$kx_now" -le "$kx_until" ]; do
	kx_left=
	for kx_p in /proc/[0-9]*; do
		kx_ours "${kx_p#/proc/}" && kx_left=1 && break
	done
	[ "$kx_left" ] || exit 0
	kx_grace=$((kx_grace - 1))
	sleep .1 || { sleep 1 && kx_grace=$((kx_grace - 9)); } || break
	kx_clock
done
kx_kill KILL
