#!/usr/bin/env bash
# The script that people use: numbers below KEEP go, latest stays. It is what the
# plugin is compared with, mistakes included, and not to be used for anything else.
#
#   prune.sh list URL     the digest of each tag
#   prune.sh delete URL   delete what is to go
url=$2 keep=${KEEP:-950}
accept='Accept: application/vnd.docker.distribution.manifest.v2+json'
for repo in $(curl -s "$url/v2/_catalog?n=1000" | tr -d '[]{}"' | cut -d: -f2 | tr , ' '); do
  for tag in $(curl -s "$url/v2/$repo/tags/list" | sed 's/.*\[//; s/\].*//' | tr -d '"' | tr , ' '); do
    if [ "$1" = delete ] && ! [[ $tag != latest && $tag -lt $keep ]]; then
      continue
    fi
    digest=$(curl -sI -H "$accept" "$url/v2/$repo/manifests/$tag" | tr -d '\r' | awk 'tolower($1) == "docker-content-digest:" {print $2}')
    if [ "$1" = delete ]; then
      curl -s -o /dev/null -X DELETE "$url/v2/$repo/manifests/$digest"
    else
      echo "$repo $tag $digest"
    fi
  done
done
