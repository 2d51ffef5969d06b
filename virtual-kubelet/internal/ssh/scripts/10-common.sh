# What every command uses. Only a POSIX shell's own means and the applets listed in docs/virtual-nodes/ssh-device.md; what runs
# for every pod at every look starts no program at all. Files are written beside their place and renamed, so that none is seen half.
# Before this text stand root, boot_file, log_size and log_files.
umask 077
export LC_ALL=C
script=$0
# mark begins the line that a stream's own bytes follow. A login may have printed something before.
mark=pulumi-kubeadm-device:
pods=$root/pods
boot=none
if [ -r "$boot_file" ]; then read -r boot <"$boot_file"; fi

die() {
	echo "$*" >&2
	exit 1
}

# put FILE: standard input becomes FILE, whole or not at all.
put() { cat >"$1.$$" && mv -f "$1.$$" "$1"; }

# nap SECONDS: a sleep without fractions waits a whole one.
nap() { sleep "$1" 2>/dev/null || sleep 1; }

# birth PID: born is when that process was started, in the kernel's count; false when there is none, or only its exit status is left.
birth() {
	born=
	if [ ! -r "/proc/$$/stat" ]; then
		kill -0 "$1" 2>/dev/null && born=unknown
		return
	fi
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
	# The program's name stands in brackets and may hold anything.
	set -- ${stat##*) }
	case $1 in Z | X) return 1 ;; esac
	shift 19
	born=$1
}

# In a container the kernel goes on when the device is restarted, and its first process is another one.
birth 1
boot=$boot.$born

# alive PID BORN BOOT: that very process runs, not another one that has its number by now.
alive() { [ "$3" = "$boot" ] && [ -n "$1" ] && birth "$1" && [ "$born" = "$2" ]; }

# kill_group SIGNAL PID BORN: the group that process made, also when only others of it are left; its number is not given away before.
kill_group() {
	if birth "$2" && [ "$born" != "$3" ]; then return; fi
	kill "-$1" "-$2" 2>/dev/null
}

# look DIRECTORY: what is known of an attempt, in the variables below. state is created, running or ended.
look() {
	state=created pid= from=0 code=0 until=0 reason= claimed= owned=
	# Each file is looked for once, and the supervisor before its last word: much may happen in between.
	if [ -e "$1/owner" ]; then
		claimed=yes
		read -r owner owner_born owner_boot <"$1/owner"
		if alive "$owner" "$owner_born" "$owner_boot"; then owned=yes; fi
	fi
	if [ -s "$1/pid" ]; then read -r pid pid_born pid_boot from <"$1/pid"; fi
	if [ -s "$1/exit" ]; then
		state=ended
		read -r code until reason <"$1/exit"
	elif [ -n "$owned" ]; then
		if [ -n "$pid" ]; then state=running; fi
	elif [ -n "$pid" ] && alive "$pid" "$pid_born" "$pid_boot"; then
		state=running
	elif [ -n "$claimed" ]; then
		lost "$1"
	fi
}

# lost DIRECTORY: nobody is left to say how an attempt ended. One that never came to its command may be started again.
lost() {
	reason=ContainerStatusUnknown
	if [ "$owner_boot" != "$boot" ]; then
		reason=DeviceRestarted
	elif [ -z "$pid" ]; then
		return
	else
		kill_group KILL "$pid" "$pid_born"
	fi
	state=ended code=137 until=$(date +%s)
	echo "$code $until $reason" | put "$1/exit"
}

# tell: whoever watches learns that something changed. Opened for both ways, a pipe that nobody reads does not block.
tell() {
	for pipe in "$root"/watch/*; do
		if [ -p "$pipe" ]; then echo changed 1<>"$pipe"; fi
	done
}
