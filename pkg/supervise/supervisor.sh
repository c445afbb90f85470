# The supervisor of one command: plain POSIX sh, which "sh -s" reads from stdin as
# the value of kx_s, and evaluates (payload.go). Comments and indentation stay at
# home. "$@" is the command, or the arguments of a script. All names begin with kx_,
# so that the container's own variables stay as they are.
#
# fd 3 is the control channel: a block of text if it is asked for, then a line or the
# end of the file, which both mean "end the command". A shell reads its program in
# large pieces, so nothing may follow that before it is asked for, or before the
# command has started. fd 7 is the command's stderr; what shells themselves have to
# say goes nowhere.

# What is known so far goes on in another sh: nothing of it must not be an argument.
# bash crashes when it redirects the stdin from which it reads its program.
# shellcheck disable=SC2016 # for the other sh
kx_next='kx_stage=$1 kx_g=$2 kx_s=$3 kx_n=$4 kx_u=$5 kx_gid=$6 kx_i=$7 kx_grace=$8 kx_more=$9;shift 9;eval "$kx_s"'
# shellcheck disable=SC2154 # the program sets it, and what else has no value here
if [ "${BASH_VERSION-}" ] && [ "$kx_stage" = 0 ]; then
	exec "$0" -c "$kx_next" "$0" 3 "" "$kx_s" "$kx_n" "$kx_u" "$kx_gid" "$kx_i" "$kx_grace" "$kx_more" "$@"
fi
exec 3<&0 7>&2 </dev/null 2>/dev/null
# shellcheck disable=SC2034 # for values that end with newlines
kx_nl='
'

# kx_line reads a line to kx_l, and kx_block evaluates a block, up to a dot. What
# is cut short is not used: the client is gone.
kx_line() { IFS= read -r kx_l <&3 || exit 1; }
kx_block() {
	kx_t=
	while kx_line && [ "$kx_l" != . ]; do
		kx_t="$kx_t$kx_l
"
	done
	eval "$kx_t"
}

# kx_say tells the client something. The command does not know kx_n, unless it looks
# at the arguments of a supervisor that went on in another sh. kx_end says
# it on both streams, and kx_refuse that the command was not started.
kx_say() { printf '\036%s %s\n' "${kx_n-}" "$1"; }
kx_end() {
	kx_say "$1"
	kx_say "$1" >&7
}
kx_refuse() {
	kx_say "R $1" >&7
	exit 1
}

# kx_stat PID looks at a process. Its name may hold anything, even spaces.
kx_stat() {
	IFS= read -r kx_l <"/proc/$1/stat" || return
	# shellcheck disable=SC2086 # to be split
	set -- ${kx_l##*") "}
	kx_state=$1 kx_parent=$2 kx_group=$3 kx_session=$4 kx_born=${20}
}

# kx_identify finds the name and the ids of the user kx_u, with the group kx_gid or
# that of /etc/passwd, and says whether this shell is another user or in another
# group. kx_other is set if the group is not the user's own.
kx_identify() {
	while read -r kx_l kx_t kx_p && [ "$kx_l" != Gid: ]; do
		[ "$kx_l" != Uid: ] || kx_me=$kx_t
	done <"/proc/$$/status"
	kx_mine=$kx_t kx_name=$kx_u kx_uid=$kx_u kx_other=
	while IFS=: read -r kx_l kx_t kx_p kx_d kx_t; do
		case $kx_u in "$kx_l" | "$kx_p")
			kx_name=$kx_l kx_uid=$kx_p
			break
			;;
		esac
	done </etc/passwd
	[ "$kx_uid" != "$kx_me" ] || [ "${kx_gid:-$kx_mine}" != "$kx_mine" ] || return
	[ "${kx_gid:-$kx_d}" = "$kx_d" ] || kx_other=1
	kx_gid=${kx_gid:-$kx_d}
}

# A shell that does not lead its process group, or is the wrong user's, goes on in
# another sh.
if [ "$kx_stage" != 2 ]; then
	kx_g=
	kx_stat "$$" && [ "$kx_group" = "$$" ] && kx_g=$$
	if [ -z "$kx_g" ] && [ "$kx_stage" != 1 ] && command -v setsid >/dev/null; then
		exec setsid sh -c "$kx_next" kubectl-xexec 1 "" "$kx_s" "$kx_n" "$kx_u" "$kx_gid" "$kx_i" "$kx_grace" "$kx_more" "$@" <&3 2>&7 3<&- 7>&-
	fi
	[ -r "/proc/$$/stat" ] || kx_refuse shell
	[ -z "${KSH_VERSION-}" ] || kx_refuse shell # printf may be no builtin, subshells no processes
	if [ "$kx_u" ] && kx_identify; then
		[ "$kx_me" = 0 ] || kx_refuse root
		for kx_l in "setpriv --reuid=$kx_uid --regid=${kx_gid:-0} --init-groups" \
			"setpriv --reuid=$kx_uid --regid=${kx_gid:-0} --clear-groups" \
			"${kx_other:+false }runuser -u $kx_name --" "su-exec $kx_u${kx_gid:+:$kx_gid}" "gosu $kx_u${kx_gid:+:$kx_gid}"; do
			$kx_l sh -c : >/dev/null && exec $kx_l sh -c "$kx_next" kubectl-xexec 2 "$kx_g" "$kx_s" "$kx_n" "$kx_u" "$kx_gid" "$kx_i" "$kx_grace" "$kx_more" "$@" <&3 2>&7 3<&- 7>&-
		done
		[ -z "$kx_other" ] || kx_refuse user
		su -s /bin/sh -c : -- "$kx_name" >/dev/null || kx_refuse user
		exec su -s /bin/sh -c "$kx_next" -- "$kx_name" kubectl-xexec 2 "$kx_g" "$kx_s" "$kx_n" "$kx_u" "$kx_gid" "$kx_i" "$kx_grace" "$kx_more" "$@" <&3 2>&7 3<&- 7>&-
	fi
fi
kx_dir='' kx_interp='' kx_arg=''
kx_env() { :; }
if [ "$kx_more" ]; then
	kx_say M >&7
	kx_block
fi
kx_script=
if [ "$kx_interp" ]; then
	kx_line
	kx_script=$kx_l
fi

# kx_find PROGRAM says whether it can be started: 0, or 126 or 127 as shells do.
kx_find() {
	kx_d=/
	case $1 in */*) kx_p=$1 ;; *) kx_d=${PATH-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}: ;; esac
	kx_t=127
	while [ "$kx_d" ]; do
		case $1 in */*) ;; *) kx_p=${kx_d%%:*} && kx_p=${kx_p:-.}/$1 ;; esac
		[ -f "$kx_p" ] && [ -x "$kx_p" ] && return 0
		[ -f "$kx_p" ] && kx_t=126
		case $kx_d in *:*) kx_d=${kx_d#*:} ;; *) kx_d= ;; esac
	done
	[ -d "$1" ] && case $1 in */*) kx_t=126 ;; esac
	return "$kx_t"
}

# kx_child starts the command, in a process of its own.
kx_child() {
	kx_env || kx_refuse env
	if [ "$kx_dir" ]; then CDPATH='' cd "$kx_dir" >/dev/null || kx_refuse dir; fi
	kx_find "${kx_interp:-$1}" || kx_refuse $?
	kx_say "S $$ ${kx_g:-0} $kx_born" >&7
	[ "$kx_interp" ] || kx_start "$@"
	printf %b "$kx_script" 3<&- 7>&- | {
		exec 4<&0
		kx_start "$kx_interp" ${kx_arg:+"$kx_arg"} /dev/fd/4 "$@"
	}
}
kx_start() {
	if [ "$kx_i" ]; then exec <&3; else exec </dev/null; fi
	exec 2>&7 3<&- 7>&-
	exec "$@"
}

# kx_others lists in kx_left what lives of the command, children of kx_x apart: its
# group, the rest of the session if the group's leader leads that, too (timeout and
# shells with jobs make groups of their own), and the direct child, whatever it did.
# Without a group of its own that is the direct child alone.
kx_others() {
	kx_left=
	for kx_p in /proc/[0-9]*; do
		kx_p=${kx_p#/proc/}
		case $kx_p in "$$" | "$PPID" | "$kx_w" | "$kx_c") continue ;; esac
		kx_stat "$kx_p" || continue
		case $kx_state$kx_parent in Z* | ?"$kx_w" | ?"$kx_x") continue ;; esac
		case $kx_parent,$kx_group,$kx_session, in "$$",* | *,"${kx_g:--}",*) kx_left="$kx_left $kx_p" ;; esac
	done
}
kx_kill() {
	kx_others
	for kx_p in $kx_left; do
		kx_stat "$kx_p" && [ "$kx_group" != "${kx_g:--}" ] && kill "-$1" "$kx_p"
	done
	[ -z "$kx_g" ] || kill "-$1" "-$kx_g"
}

# kx_limit sets how long kx_tick may go on, in 0.1 s. kx_tick waits that long, or 1 s
# where sleep knows full seconds only, and looks at the clock, as time flies on a
# busy node.
kx_limit() {
	kx_ticks=$1
	kx_clock
	kx_until=$((kx_now + 10 * $1))
}
kx_clock() {
	kx_now=0
	read -r kx_l kx_p </proc/uptime && kx_now=${kx_l%.*}${kx_l#*.}
}
kx_tick() {
	[ "$kx_ticks" -gt 0 ] && [ "$kx_now" -lt "$kx_until" ] || return
	kx_ticks=$((kx_ticks - 1))
	sleep .1 || { sleep 1 && kx_ticks=$((kx_ticks - 9)); } || return
	kx_clock
} >/dev/null 3<&- 7>&- 8>&-

# Where two processes wait for each other they do so in (:), which lets the other one
# run first, also where the container has but a part of a CPU.
#
# kx_control waits for the client's word, or its end, and passes it on to kx_watch,
# through the pipe of which the main shell has an end at fd 8. It lets go of that
# pipe first: when the main shell dies, the pipe is to be at its end. containerd
# kills that shell when the client has gone, and closes stdin 10 s later.
kx_control() {
	read -r kx_p kx_l </proc/self/stat
	echo "$kx_p"
	until [ -p "/proc/$$/fd/8" ] || [ ! -e "/proc/$$/fd/3" ]; do (:); done
	exec >/dev/null
	IFS= read -r kx_l <&3
	echo $? >"/proc/$$/fd/8"
}
kx_watch() {
	trap '' TERM USR1 USR2
	read -r kx_c # stdin must stay the pipe, until the main shell has opened it
	if [ "$kx_c" = over ]; then # the end of a short command came before the other's name
		read -r kx_c && kill -KILL "$kx_c"
		exit
	fi
	read -r kx_t || kx_t=1
	if [ "$kx_t" = over ]; then
		kill -KILL "$kx_c"
		exit
	fi
	read -r kx_w kx_l </proc/self/stat
	trap exit USR2
	kx_limit "${kx_grace:-0}"
	[ ! -e "/proc/$$/fd/3" ] || kill -USR1 "$$"
	kx_kill TERM
	while kx_tick; do
		[ -e "/proc/$$/fd/3" ] || { kx_others; [ "$kx_left" ] || break; }
	done
	if [ "$kx_t" = 0 ]; then # somebody listens, but perhaps not now
		kx_end "K 137" &
		kx_limit 1
		while kx_tick; do :; done
	fi
	kx_kill KILL
	[ "$kx_g" ] || kill -KILL "$kx_c"
}

# The command runs in the foreground, so that it may be interrupted.
kx_q=
trap : TERM PIPE
trap kx_q=1 USR1
kx_c=none kx_w=none kx_x=none
if [ -z "$kx_i" ]; then
	kx_control | kx_watch &
	kx_w=$!
	until [ -p "/proc/$kx_w/fd/0" ] || [ ! -e "/proc/$kx_w/fd/0" ]; do (:); done
	exec 8>"/proc/$kx_w/fd/0"
fi
kx_stat "${kx_g:-$$}"
(kx_child "$@" 8>&-)
kx_code=$?
kx_k=E kx_x=$$
if [ "$kx_q" ]; then
	kx_k=T
	kx_limit $((kx_grace + 20))
	while kx_others; [ "$kx_left" ] && kx_tick; do :; done
	[ -z "$kx_left" ] || kx_kill KILL # kx_watch should have
fi
kx_end "$kx_k $kx_code"
if [ -z "$kx_i" ]; then
	echo over >&8
	[ -z "$kx_q" ] || kill -USR2 "$kx_w"
	wait "$kx_w"
fi
exit "$kx_code"
