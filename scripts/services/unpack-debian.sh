#!/usr/bin/env bash
# Unpacks packages of a Debian suite into a folder, and leaves the system as it is:
#   unpack-debian.sh <suite> <folder> <package …>
# Programs in Go of other suites run on this one. The signatures of the suite are checked as always.
set -eu
suite=$1 folder=$2
shift 2
state=${TMPDIR:-/tmp}/allium-debian/$suite

options=()
# A mirror's copy of Debian testing may be older than its own date of expiry.
[ "$suite" = forky ] && options=(-o Acquire::Check-Valid-Until=false)

if [ ! -e "$state/ready" ]; then
	mkdir -p "$state"/lists/partial "$state"/archives/partial "$state"/debs "$state"/etc/apt.conf.d "$state"/etc/preferences.d
	: >"$state/status"
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -1)
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$state/etc/sources.list"
	cat >"$state/conf" <<-CONF
		Dir::State::lists "$state/lists";
		Dir::State::status "$state/status";
		Dir::Cache "$state";
		Dir::Etc "$state/etc";
		Acquire::Languages "none";
		APT::Sandbox::User "root";
	CONF
	APT_CONFIG=$state/conf apt-get "${options[@]}" update -qq
	touch "$state/ready"
fi

mkdir -p "$folder"
cd "$state/debs"
APT_CONFIG=$state/conf apt-get "${options[@]}" download -qq "$@"
for package in "$@"; do
	dpkg-deb -x "$(ls -t "$state/debs/${package}"_*.deb | head -1)" "$folder"
done
