# The commands that the agent gives and those that the script gives itself.
command=$1
shift
case $command in
apply | supervise | inside | beside | end_command | stop | reap | remove | clean | observe | watch | usage | logs) "$command" "$@" ;;
*) die "unknown command $command" ;;
esac
