#!/usr/bin/env bash
# One attempt to attach pods to a network, as rkt makes it; runs inside of a lab (checks/attempts.py starts it and reads the report).
#   attach MARK INSTALL CONF TYPE [first]      with CNI_PATH naming the folder of the plugins
# INSTALL are the commands of the guide that put the configuration into place, CONF where it then lies, TYPE the plugin; with `first` it
# ends when the first pod has asked outside. The report consists of parts: a line "MARK name status", then what was printed. A pod is a network namespace; beside the node there is a
# neighbour, 192.0.2.2, which knows no way to the pods until it is told one.
mark=$1 install=$2 conf=$3 type=$4 until=${5-}

part() { # part NAME COMMAND...: run it and report
  local name=$1 output
  shift
  output=$("$@" 2>&1 </dev/null)
  status=$?
  printf '%s %s %s\n%s\n' "$mark" "$name" "$status" "$output"
}

plugin() { # plugin ADD|DEL POD: what rkt does with each pod
  CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_NETNS=/var/run/netns/$2 CNI_IFNAME=eth0 "$CNI_PATH/$type" <"$conf"
}

state() { # what a node holds: links, addresses, routes, firewall rules, leases and other files of the plugins
  ip -br link show type bridge | sed 's/ .*//; s/^/bridge /'
  ip -br link | sed 's/[@ ].*//; s/^/link /'
  ip -o -4 addr | awk '{ print "address", $2, $4 }'
  ip -4 route | sed 's/ linkdown//; s/ *$//; s/^/route /' # a pair of links may take a moment to be up
  iptables-save | grep -E '^(-A|:CNI)' | sed 's/^/rule /'
  find /var/lib/cni -type f | sed 's/^/file /'
}

folder() { # what lies in net.d: texts (encoded) and names
  (cd /etc/rkt/net.d && find . -type f -exec base64 -w 0 {} \; -printf ' %P\n')
}

answers() { # answers SECONDS NAMESPACE ADDRESS
  ip netns exec "$2" ping -n -q -c 1 -W "$1" "$3"
}

ip -batch - <<'END' && ip -n outside -batch - <<'END' || exit
netns add first
netns add second
netns add outside
link add outside type veth peer name eth0 netns outside
addr add 192.0.2.1/24 dev outside
link set outside up
END
addr add 192.0.2.2/24 dev eth0
link set eth0 up
END

part install bash -ec "$install"
part net.d folder
[ "$until" ] || part before state
part add plugin ADD first
added=$status
part address ip -n first -o -4 addr show dev eth0
part link ip -n first -o link show dev eth0
part route ip -n first -4 route
[ "$until" ] || part node state

# What nobody can answer is not waited for: a gateway that no link holds, an answer that no rule brings back.
gateway=$(ip -n first -4 route show default | sed -n 's/.* via \([^ ]*\).*/\1/p' | head -1)
if [ -n "$gateway" ]; then
  if ip -o -4 addr | grep -qF " $gateway/"; then wait=1; else wait=0.1; fi
  part gateway answers $wait first "$gateway"
  if [ $wait = 1 ]; then
    if iptables-save -t nat | grep -q MASQUERADE; then wait=1; else wait=0.1; fi
    [ "$until" ] || part masqueraded answers $wait first 192.0.2.2
    ip -n outside route add default via 192.0.2.1
    part outside answers 1 first 192.0.2.2
  fi
fi
[ "$until" ] && exit
if [ "$added" = 0 ]; then
  part add2 plugin ADD second
  part second answers 1 second "$(ip -n first -o -4 addr show dev eth0 | sed -n 's/.* inet \([^/ ]*\).*/\1/p')"
  part del2 plugin DEL second
fi
part del plugin DEL first
part pod ip -n first -br link
part pod2 ip -n second -br link
part after state
