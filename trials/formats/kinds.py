"""Kinds of files, as data: container, codec, and the command that encodes a WAV as such."""

from dataclasses import dataclass

NARROW, WIDE = (8_000,), (8_000, 16_000, 22_050, 44_100, 48_000)
VIDEO = (44_100, 48_000)
OPUS = (8_000, 16_000, 48_000)

TOOLS = {
    "FFmpeg": ("ffmpeg", "-v", "error", "-y", "-i", "{source}"),
    "sox": ("sox", "-V1", "{source}"),
    "opusenc": ("opusenc", "--quiet"),
    "lame": ("lame", "--quiet"),
    "PyAV": (),
}
"""By name, the beginning of each command. PyAV is part of the project and writes formats for which
Debian's FFmpeg has no encoder."""


@dataclass(frozen=True)
class Kind:
    """``arguments`` follow the tool's own. ``{target}`` is the file; without it the tool writes to
    a pipe."""

    name: str
    tool: str
    suffix: str
    arguments: str
    rates: tuple[int, ...] = WIDE
    channels: tuple[int, ...] = (1, 2)


def _ffmpeg(
    name: str,
    suffix: str,
    options: str,
    rates: tuple[int, ...] = WIDE,
    channels: tuple[int, ...] = (1, 2),
) -> Kind:
    return Kind(name, "FFmpeg", suffix, f"{options} {{target}}", rates, channels)


def _sox(
    name: str,
    suffix: str,
    options: str = "",
    rates: tuple[int, ...] = WIDE,
    channels: tuple[int, ...] = (1, 2),
) -> Kind:
    return Kind(name, "sox", suffix, f"{options} {{target}}", rates, channels)


KINDS = (
    _ffmpeg("WAV, 16 bit", "wav", "-c:a pcm_s16le"),
    _ffmpeg("WAV, 8 bit", "wav", "-c:a pcm_u8"),
    _ffmpeg("WAV, 24 bit", "wav", "-c:a pcm_s24le"),
    _ffmpeg("WAV, float", "wav", "-c:a pcm_f32le"),
    _ffmpeg("WAV, mu-law", "wav", "-c:a pcm_mulaw", NARROW),
    _ffmpeg("WAV, A-law", "wav", "-c:a pcm_alaw", NARROW),
    _ffmpeg("WAV, IMA ADPCM", "wav", "-c:a adpcm_ima_wav"),
    _ffmpeg("WAV, MS ADPCM", "wav", "-c:a adpcm_ms"),
    _ffmpeg("WAV, G.722", "wav", "-c:a g722", (16_000,), (1,)),
    _ffmpeg("WAV, G.726", "wav", "-c:a g726 -b:a 32k", NARROW, (1,)),
    _ffmpeg("WAV, G.723.1", "wav", "-c:a g723_1 -b:a 6300", NARROW, (1,)),
    _ffmpeg("WAV, GSM 6.10", "wav", "-c:a libgsm_ms", NARROW, (1,)),
    _ffmpeg("WAV, MP3", "wav", "-c:a libmp3lame", (16_000, 44_100)),
    _ffmpeg("RF64", "wav", "-rf64 always"),
    Kind("WAV to a pipe", "FFmpeg", "wav", "-f wav -"),
    _ffmpeg("Wave64", "w64", ""),
    _ffmpeg("FLAC", "flac", ""),
    _ffmpeg("Ogg Vorbis", "ogg", "-c:a libvorbis"),
    _ffmpeg("Ogg Opus", "opus", "-c:a libopus", OPUS),
    _ffmpeg("Ogg FLAC", "ogg", "-c:a flac"),
    _ffmpeg("Ogg Speex", "ogg", "-c:a libspeex", (8_000, 16_000)),
    _ffmpeg("MP3, CBR", "mp3", "-b:a 64k", (16_000, 22_050, 44_100, 48_000)),
    _ffmpeg("MP3, VBR without a header frame", "mp3", "-q:a 5 -write_xing 0", (16_000, 44_100)),
    _ffmpeg("MP2", "mp2", "-c:a mp2", (44_100, 48_000)),
    _ffmpeg("M4A, AAC", "m4a", ""),
    _ffmpeg("M4A, ALAC", "m4a", "-c:a alac"),
    _ffmpeg("MP4, fragmented", "mp4", "-movflags frag_keyframe+empty_moov+default_base_moof"),
    Kind(
        "MP4, fragmented, to a pipe", "FFmpeg", "mp4", "-f mp4 -movflags frag_keyframe+empty_moov -"
    ),
    _ffmpeg(
        "MP4, with video", "mp4", "-f lavfi -i testsrc=s=64x64:r=10 -c:v mpeg4 -shortest", VIDEO
    ),
    _ffmpeg("MOV, PCM", "mov", "-c:a pcm_s16le"),
    _ffmpeg(
        "MKV, AAC, with video",
        "mkv",
        "-f lavfi -i testsrc=s=64x64:r=10 -c:v mpeg4 -c:a aac -shortest",
        VIDEO,
    ),
    _ffmpeg("MKA, FLAC", "mka", "-c:a flac"),
    _ffmpeg("WebM, Opus", "webm", "-c:a libopus", OPUS),
    Kind("WebM, Opus, live", "FFmpeg", "webm", "-c:a libopus -f webm -live 1 -", OPUS),
    _ffmpeg("MPEG-TS, AAC", "ts", "-c:a aac", (16_000, 44_100, 48_000)),
    _ffmpeg(
        "MPEG-TS, MP2, with video",
        "ts",
        "-f lavfi -i testsrc=s=64x64:r=25 -c:v mpeg2video -c:a mp2 -shortest",
        VIDEO,
    ),
    _ffmpeg("AAC, ADTS", "aac", ""),
    _ffmpeg("AVI, MP3", "avi", "-c:a libmp3lame", (16_000, 44_100)),
    _ffmpeg("AVI, AAC", "avi", "-c:a aac"),
    _ffmpeg(
        "AVI, PCM, with video",
        "avi",
        "-f lavfi -i testsrc=s=64x64:r=10 -c:v mpeg4 -c:a pcm_s16le -shortest",
        VIDEO,
    ),
    _ffmpeg("FLV, MP3", "flv", "", (22_050, 44_100)),
    _ffmpeg("WMA 2", "wma", "-c:a wmav2"),
    _ffmpeg("AC-3", "ac3", "", VIDEO),
    _ffmpeg("E-AC-3", "eac3", "", VIDEO),
    _ffmpeg("AIFF", "aiff", ""),
    _ffmpeg("CAF, PCM", "caf", "-c:a pcm_s16be"),
    _ffmpeg("CAF, ALAC", "caf", "-c:a alac"),
    _ffmpeg("AU, mu-law", "au", "-c:a pcm_mulaw", NARROW),
    _ffmpeg("WavPack", "wv", ""),
    _ffmpeg("TTA", "tta", ""),
    _sox("WAV, 16 bit", "wav"),
    _sox("WAV, IMA ADPCM", "wav", "-e ima-adpcm"),
    _sox("WAV, GSM 6.10", "wav", "-e gsm-full-rate", NARROW, (1,)),
    Kind("WAV to a pipe", "sox", "wav", "-t wav -"),
    _sox("AIFF", "aiff"),
    _sox("AIFF-C", "aifc"),
    _sox("AU", "au"),
    _sox("FLAC", "flac"),
    _sox("Ogg Vorbis", "ogg"),
    _sox("GSM 6.10", "gsm", "", NARROW, (1,)),
    _sox("NIST SPHERE", "sph"),
    _sox("VOC", "voc"),
    _sox("IRCAM", "ircam"),
    _sox("PVF", "pvf"),
    _sox("SoX", "sox"),
    _sox("CAF", "caf"),
    _sox("Wave64", "w64"),
    Kind("Opus, music", "opusenc", "opus", "--music --bitrate 96 {source} {target}", OPUS),
    Kind("Opus, speech", "opusenc", "opus", "--speech --bitrate 16 {source} {target}", OPUS, (1,)),
    Kind(
        "Opus, frames of 60 ms, CBR",
        "opusenc",
        "opus",
        "--hard-cbr --framesize 60 {source} {target}",
        OPUS,
    ),
    Kind("MP3, CBR", "lame", "mp3", "-b 64 {source} {target}", (16_000, 22_050, 44_100)),
    Kind("MP3, VBR", "lame", "mp3", "-V 4 {source} {target}", (16_000, 44_100, 48_000)),
    Kind(
        "MP3, telephone", "lame", "mp3", "--preset phone {source} {target}", (16_000, 44_100), (1,)
    ),
    Kind("AMR", "PyAV", "amr", "libopencore_amrnb", NARROW, (1,)),
    Kind("AMR, DTX", "PyAV", "amr", "libopencore_amrnb dtx=1", NARROW, (1,)),
    Kind("3GP, AMR, DTX", "PyAV", "3gp", "libopencore_amrnb dtx=1", NARROW, (1,)),
)
