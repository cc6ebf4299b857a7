#!/bin/sh
# Set up what the browser tests need: Debian's Chromium, and a font with Chinese characters.
# Fails where there is still no browser; the tests are skipped then, and their summary says so.
set -u

has_browser() { command -v "${CHROMIUM:-/usr/bin/chromium}" >/dev/null 2>&1; }
has_font() { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh family)" ]; }
install() { DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@"; }

if has_browser && has_font; then exit 0; fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "Browser tests: no Chromium or no Chinese font, and no right to install them" >&2
	has_browser
	exit
fi
echo "Setting up Chromium and a Chinese font for the browser tests (once; some minutes)" >&2
log=$(mktemp)
{
	apt-get -o Acquire::Retries=1 -o Acquire::http::Timeout=30 update
	has_browser || install chromium
	has_font || install fonts-noto-cjk fontconfig
} >"$log" 2>&1 || tail -n 5 "$log" >&2
rm -f "$log"
has_browser
