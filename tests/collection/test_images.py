import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from grisaille.collection.images import UnusableImageError, decode, inspect, stretch, thumbnail
from helpers import encode, picture


class TestWhatLoadsRight:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
    def test_every_format_becomes_rgb(self, kind):
        image, mode = decode(encode(picture(), kind))
        assert (image.mode, image.size, mode) == ("RGB", (48, 40), "RGB")

    def test_grayscale(self):
        image, mode = decode(encode(picture().convert("L"), "JPEG"))
        pixels = np.asarray(image)
        assert mode == "L"
        assert np.array_equal(pixels[..., 0], pixels[..., 2])

    def test_cmyk_keeps_its_colours(self):
        red = Image.new("RGB", (8, 8), (200, 30, 40)).convert("CMYK")
        image, mode = decode(encode(red, "JPEG", quality=95))
        assert mode == "CMYK"
        assert np.abs(np.asarray(image)[4, 4].astype(int) - (200, 30, 40)).max() < 12

    def test_transparency_is_laid_on_white(self):
        clear = Image.new("RGBA", (4, 4), (10, 20, 30, 0))
        assert np.asarray(decode(encode(clear))[0]).min() == 255

    def test_palette_with_transparency(self):
        palette = picture().quantize(8)
        palette.info["transparency"] = 0
        image, mode = decode(encode(palette, transparency=0))
        assert (mode, image.mode) == ("P", "RGB")
        assert (np.asarray(image)[np.asarray(palette) == 0] == 255).all()

    def test_sixteen_bits_are_scaled(self):
        ramp = Image.fromarray(np.array([[0, 32768, 65535]], dtype=np.uint16))
        image, mode = decode(encode(ramp))
        assert mode.startswith("I")
        assert np.asarray(image)[0, :, 0].tolist() == [0, 128, 255]

    @pytest.mark.parametrize("top", [1.0, 255.0, 65535.0])
    def test_floats_are_scaled_from_the_range_they_use(self, top):
        ramp = Image.fromarray(np.array([[0.0, top / 2, top]], dtype=np.float32))
        assert np.asarray(decode(encode(ramp, "TIFF"))[0])[0, :, 0].tolist() == [0, 128, 255]

    @pytest.mark.parametrize(("orientation", "corner"), [(1, (0, 0)), (3, (39, 47)), (6, (0, 39)), (8, (47, 0))])
    def test_exif_rotation_is_applied(self, orientation, corner):
        image = Image.new("RGB", (48, 40))
        image.paste((255, 255, 255), (0, 0, 8, 8))
        exif = Image.Exif()
        exif[0x0112] = orientation
        upright, _ = decode(encode(image, "PNG", exif=exif))
        assert upright.size == ((48, 40) if orientation in {1, 3} else (40, 48))
        row, column = corner
        assert np.asarray(upright)[row, column].min() == 255

    def test_colour_profiles_are_converted(self):
        lab_grey = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        same, _ = decode(encode(picture(), icc_profile=lab_grey))
        assert np.abs(np.asarray(same).astype(int) - np.asarray(picture()).astype(int)).max() <= 2

    def test_a_broken_profile_is_ignored(self):
        image, _ = decode(encode(picture(), icc_profile=b"not a profile"))
        assert np.array_equal(np.asarray(image), np.asarray(picture()))

    def test_the_first_frame_of_an_animation(self):
        frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
        data = encode(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
        assert np.asarray(decode(data)[0])[0, 0].tolist() == [255, 0, 0]


class TestWhatIsRefused:
    def test_an_empty_file(self):
        with pytest.raises(UnusableImageError, match="empty"):
            decode(b"")

    def test_something_else(self):
        with pytest.raises(UnusableImageError, match="not an image"):
            decode(b"<html>404</html>")

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_a_truncated_file(self, kind):
        whole = encode(picture(size=(200, 200)), kind)
        with pytest.raises(UnusableImageError, match=r"decoded|not an image"):
            decode(whole[: len(whole) // 2])

    def test_a_large_image_by_its_header_alone(self):
        with pytest.raises(UnusableImageError, match="megapixels, more than"):
            decode(encode(Image.new("1", (2000, 1000)), "PNG"), max_megapixels=1)

    def test_a_decompression_bomb(self):
        header = bytearray(encode(Image.new("1", (8, 8)), "BMP"))
        header[18:26] = (40000).to_bytes(4, "little") + (40000).to_bytes(4, "little")
        with pytest.raises(UnusableImageError, match="bomb"):
            decode(bytes(header))

    def test_pixels_that_are_no_numbers(self):
        hollow = Image.fromarray(np.full((4, 4), np.nan, dtype=np.float32))
        with pytest.raises(UnusableImageError, match="finite"):
            decode(encode(hollow, "TIFF"))


class TestFacts:
    def test_facts_of_a_file(self):
        data = encode(picture(3))
        facts = inspect(data)
        assert (facts.width, facts.height, facts.mode, len(facts.sha256)) == (48, 40, "RGB", 64)
        assert facts == inspect(data)

    def test_the_hash_survives_recompression_and_tells_pictures_apart(self):
        large = picture(1, size=(240, 200))
        files = encode(large), encode(large, "JPEG", quality=60), encode(picture(2, size=(240, 200)))
        png, jpeg, other = (inspect(data).perceptual_hash for data in files)
        assert (png ^ jpeg).bit_count() <= 4
        assert (png ^ other).bit_count() > 16


class TestShapes:
    def test_square(self):
        square = stretch(picture(), 24, 24, "nearest")
        assert (square.shape, square.dtype) == ((24, 24, 3), np.uint8)

    def test_thumbnail_keeps_proportions(self):
        assert Image.open(io.BytesIO(thumbnail(picture(size=(100, 50)), 20))).size == (20, 10)
