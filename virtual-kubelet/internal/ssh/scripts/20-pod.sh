# Making pods and attempts. The agent sends a text in these words, followed by the content of files, on standard input.

# apply TEXT_BYTES ALL_BYTES
apply() {
	mkdir -p "$root/incoming" "$pods" || die "$root cannot be written"
	incoming=$root/incoming/$$ text_bytes=$1
	trap 'rm -f "$incoming" "$incoming.text"; leave' EXIT
	cat >"$incoming"
	# A connection that was cut shows as an early end.
	[ "$(stat -c %s "$incoming")" = "$2" ] || die "what was sent did not arrive as a whole"
	head -c "$1" "$incoming" >"$incoming.text"
	. "$incoming.text"
}

# take OFFSET LENGTH: a piece of what was sent.
take() { tail -c "+$((text_bytes + $1 + 1))" "$incoming" | head -c "$2"; }

# pod UID NAMESPACE NAME
pod() {
	pod=$pods/$1
	mkdir -p "$pod/volumes" "$pod/containers" || die "$pod cannot be made"
	claim
	[ -s "$pod/pod" ] || echo "$2 $3" | put "$pod/pod" || die "$pod cannot be written"
}

scratch() { mkdir -p "$pod/volumes/$1" || die "$pod/volumes/$1 cannot be made"; }

# volume NAME HASH: false when the volume has that content already. Else files go to $new, and shown puts it in place.
volume() {
	volume=$pod/volumes/$1 version=.$1.$2 new=$pod/volumes/.new.$1
	case $(place_of "$volume") in */"$version") return 1 ;; esac
	rm -rf "$new" && mkdir "$new" || die "$new cannot be made"
}

# file DIRECTORY NAME MODE OFFSET LENGTH
file() {
	mkdir -p "$new/$1" && take "$4" "$5" >"$new/$1/$2" && chmod "$3" "$new/$1/$2" || die "$new/$1/$2 cannot be written"
}

# shown: all files of a volume change at once. An old mv has no -T; there the volume is away for a moment.
shown() {
	old=$(place_of "$volume")
	rm -rf "$pod/volumes/$version"
	mv "$new" "$pod/volumes/$version" && ln -s "$version" "$new" || die "$volume cannot be written"
	mv -T "$new" "$volume" 2>/dev/null || { rm -f "$new" && ln -sfn "$version" "$volume"; } || die "$volume cannot be replaced"
	if [ -n "$old" ]; then rm -rf "$old"; fi
}

# place_of LINK: the directory it leads to.
place_of() { cd -P "$1" 2>/dev/null && pwd; }

# attempt UID NAME NUMBER KIND: false when it was started already. Of the earlier ones the last is kept, for its log.
attempt() {
	pod=$pods/$1 dir=$pods/$1/containers/$2/$3
	[ -s "$pod/pod" ] || die "the pod's directory $pod is gone"
	claim
	for earlier in "$pod/containers/$2"/*; do
		[ -d "$earlier" ] || continue
		look "$earlier"
		if [ "${earlier##*/}" -lt $(($3 - 1)) ] && [ "$state" = ended ]; then rm -rf "$earlier"; fi
	done
	look "$dir"
	if [ "$state" != created ] || [ -n "$owned" ]; then return 1; fi
	rm -rf "$dir"
	mkdir -p "$dir/root" || die "$dir cannot be made"
	echo "$4" >"$dir/kind" || die "$dir cannot be written"
}

# keep FILE OFFSET LENGTH
keep() { take "$2" "$3" | put "$dir/$1" || die "$dir/$1 cannot be written"; }

# mount DIRECTORY PATH VOLUME SUBPATH: a volume is seen at PATH below the attempt's root.
mount() {
	target=$pod/volumes/$3$4
	[ -e "$target" ] || mkdir -p "$target"
	mkdir -p "$dir/root/$1" && ln -s "$target" "$dir/root/$2" || die "$dir/root/$2 cannot be made"
}

# launch: returns when the container's process has its number written down, or has ended.
launch() {
	setsid sh "$script" supervise "$dir" </dev/null >/dev/null 2>&1 &
	turns=0
	until [ -s "$dir/pid" ] || [ -s "$dir/exit" ]; do
		turns=$((turns + 1))
		look "$dir"
		if [ -z "$owned" ] && [ "$turns" -gt 50 ] && [ "$state" = created ]; then die "the supervisor in $dir could not begin; is the disk full?"; fi
		nap 0.1
	done
}

# folder PATH below the attempt's root.
folder() { mkdir -p "$dir/root/$1" || die "$dir/root/$1 cannot be made"; }
