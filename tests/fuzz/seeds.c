/* seeds FOLDER: good files to begin from, FOLDER/TARGET/..., made by the writers of the other tests. */
#include "data/support.h"
#include "out/example.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "gan_dist/base.h"

static void need(bool condition)
{
    if (condition)
        return;
    fprintf(stderr, "seeds: %s\n", gan_error_message());
    exit(1);
}

static void write_checkpoints(void)
{
    static const char foreign[] =
        "\x4c\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
        "\"__metadata__\":{\"k\":\"v\"}}12345678";
    example e;
    example_fill(&e, 1);
    need(gan_make_folders("checkpoint") == GAN_OK);
    need(example_write(&e, "checkpoint/ours") == GAN_OK);
    need(gan_checkpoint_write("checkpoint/empty", NULL, 0, NULL, 0) == GAN_OK);
    write_bytes("checkpoint/foreign", foreign, sizeof foreign - 1);
}

static void write_idx_files(void)
{
    need(gan_make_folders("idx") == GAN_OK);
    write_idx("idx/grey", 3, 4, 4, 0, false);
    write_idx("idx/colour", 2, 5, 3, 3, false);
    write_idx("idx/zipped", 3, 6, 6, 0, true);
    write_idx_labels("idx/labels", 9, 3, false);
    write_idx_labels("idx/labels-zipped", 9, 3, true);
}

static void write_configurations(void)
{
    static const char words[] =
        "--preset\nmlp-mnist\n--batch=64\n--set\ntrain.seed=7\n--checkpoint-every\n60s\n--flag";
    char path[256];
    gan_config config;
    need(gan_make_folders("config") == GAN_OK);
    for (size_t i = 0; gan_preset_name(i); i++) {
        snprintf(path, sizeof path, "config/%s", gan_preset_name(i));
        write_bytes(path, gan_preset_text(gan_preset_name(i)), strlen(gan_preset_text(gan_preset_name(i))));
    }
    gan_config_defaults(&config);
    char *text = gan_config_text(&config, false);
    need(text != NULL);
    write_bytes("config/defaults", text, strlen(text));
    free(text);
    write_bytes("config/words", words, sizeof words - 1);
    write_bytes("config/start", "preset = dcgan64\n[train]\nbatch = 8 # few\n", 41);
}

static void write_log(void)
{
    static const char log[] = "step,epoch,d_loss,g_loss,d_loss_real,d_loss_fake,d_real,d_fake,images_per_"
                              "second,seconds,seconds_left\n"
                              "100,0.5,1.25,2.5,nan,0.5,0.625,-1e-05,1234.5,10,\n200,0.5,1.25,2.5,inf,0.5,0."
                              "625,0.375,1234.5,10,20.5\n";
    need(gan_make_folders("csv") == GAN_OK);
    write_bytes("csv/log", log, sizeof log - 1);
}

/* A PNG file that says which way up it is in each way it can. */
static void write_turned_png(const char *path)
{
    static uint8_t exif[] = "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    static char raw[] = "\nexif\n      26\n49492a0008000000010012010300010000000600000000000000\n";
    static char xmp[] = "<tiff:Orientation>6</tiff:Orientation>", lang[] = "",
                xmp_key[] = "XML:com.adobe.xmp";
    static char raw_key[] = "Raw profile type exif", app1_key[] = "Raw profile type APP1";
    png_text texts[] = {{.compression = PNG_TEXT_COMPRESSION_NONE, .key = raw_key, .text = raw},
                        {.compression = PNG_TEXT_COMPRESSION_zTXt, .key = app1_key, .text = raw},
                        {.compression = PNG_ITXT_COMPRESSION_zTXt,
                         .key = xmp_key,
                         .text = xmp,
                         .lang = lang,
                         .lang_key = lang}};
    static uint8_t row[9];
    FILE *file = fopen(path, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    need(file && info);
    png_init_io(png, file);
    png_set_IHDR(png, info, 3, 2, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, 0, 0);
    png_set_eXIf_1(png, info, sizeof exif - 1, exif);
    png_set_text(png, info, texts, 3);
    png_write_info(png, info);
    png_write_row(png, row);
    png_write_row(png, row);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    need(fclose(file) == 0);
}

static void write_pictures(void)
{
    char path[64];
    const int colours[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_PALETTE,
                           PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB_ALPHA};
    need(gan_make_folders("picture") == GAN_OK && gan_make_folders("exif") == GAN_OK);
    for (int i = 0; i < 10; i++) {
        snprintf(path, sizeof path, "picture/png-%d", i);
        png_kind kind = {colours[i % 5], 8, i >= 5, i >= 5 && i % 5 < 3};
        write_png(path, 9, 7, kind, i);
    }
    write_turned_png("picture/png-turned");
    write_turned_png("exif/png-turned");
    write_png("picture/png-bits", 9, 7, (png_kind){PNG_COLOR_TYPE_GRAY, 1, true, false}, 0);
    write_png("picture/png-16", 9, 7, (png_kind){PNG_COLOR_TYPE_RGB, 16, false, false}, 0);
    for (int i = 0; i < 8; i++) {
        jpeg_kind kind = {.components = (const int[]){1, 3, 4}[i % 3],
                          .progressive = i >= 4,
                          .adobe = i % 2,
                          .ycck = i == 5,
                          .orientation = i + 1,
                          .big_endian = i % 2,
                          .no_tables = i == 7};
        snprintf(path, sizeof path, "picture/jpeg-%d", i);
        write_jpeg(path, 9, 7, kind, i);
        snprintf(path, sizeof path, "exif/jpeg-%d", i);
        write_jpeg(path, 2, 2, (jpeg_kind){.components = 1, .orientation = i + 1, .big_endian = i % 2}, i);
    }
}

int main(int argc, char **argv)
{
    need(argc == 2 && gan_make_folders(argv[1]) == GAN_OK && chdir(argv[1]) == 0);
    strcpy(test_folder, ".");
    write_checkpoints();
    write_idx_files();
    write_configurations();
    write_log();
    write_pictures();
    return 0;
}
