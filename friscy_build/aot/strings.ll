; 9fdf7610897d17aa GUEST_START=0x10000 GUEST_END=0x9ffe0000
define internal range(i64 -1, 2684223489) i64 @string_move(i64 noundef %to, i64 noundef %from, i64 noundef %n) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %to, -2684223489
  %or.cond.i = icmp ult i64 %0, -2684157953
  %sub.i = sub nuw nsw i64 2684223488, %to
  %cmp2.i = icmp ugt i64 %n, %sub.i
  %narrow.i.not = select i1 %or.cond.i, i1 true, i1 %cmp2.i
  br i1 %narrow.i.not, label %return, label %lor.lhs.false

lor.lhs.false:                                    ; preds = %entry
  %1 = add i64 %from, -2684223489
  %or.cond.i248 = icmp ult i64 %1, -2684157953
  %sub.i249 = sub nuw nsw i64 2684223488, %from
  %cmp2.i250 = icmp samesign ugt i64 %n, %sub.i249
  %narrow.i251.not = select i1 %or.cond.i248, i1 true, i1 %cmp2.i250
  br i1 %narrow.i251.not, label %return, label %if.end

if.end:                                           ; preds = %lor.lhs.false
  %conv = trunc nuw i64 %to to i32
  %conv3 = trunc nuw i64 %from to i32
  %conv4 = trunc nuw i64 %n to i32
  %cmp = icmp samesign ugt i64 %n, 64
  br i1 %cmp, label %if.then6, label %if.end71

if.then6:                                         ; preds = %if.end
  %cmp7 = icmp samesign ugt i64 %n, 1023
  br i1 %cmp7, label %if.then9, label %if.end12

if.then9:                                         ; preds = %if.then6
  %2 = inttoptr i32 %conv3 to ptr
  %3 = load volatile i8, ptr %2, align 1
  %or.i = or i32 %conv3, 4095
  %add.i = add nuw i32 %or.i, 1
  %add1.i = add i32 %conv4, %conv3
  %cmp7.i = icmp ult i32 %add.i, %add1.i
  br i1 %cmp7.i, label %for.body.i, label %touch_to_read.exit

for.body.i:                                       ; preds = %if.then9, %for.body.i
  %page.08.i = phi i32 [ %add2.i, %for.body.i ], [ %add.i, %if.then9 ]
  %4 = inttoptr i32 %page.08.i to ptr
  %5 = load volatile i8, ptr %4, align 4096
  %add2.i = add i32 %page.08.i, 4096
  %cmp.i = icmp ult i32 %add2.i, %add1.i
  br i1 %cmp.i, label %for.body.i, label %touch_to_read.exit

touch_to_read.exit:                               ; preds = %for.body.i, %if.then9
  %6 = inttoptr i32 %conv to ptr
  %7 = load volatile i8, ptr %6, align 1
  store volatile i8 %7, ptr %6, align 1
  %or.i253 = or i32 %conv, 4095
  %add.i254 = add nuw i32 %or.i253, 1
  %add1.i255 = add i32 %conv4, %conv
  %cmp9.i = icmp ult i32 %add.i254, %add1.i255
  br i1 %cmp9.i, label %for.body.i256, label %touch_to_write.exit

for.body.i256:                                    ; preds = %touch_to_read.exit, %for.body.i256
  %page.010.i = phi i32 [ %add2.i257, %for.body.i256 ], [ %add.i254, %touch_to_read.exit ]
  %8 = inttoptr i32 %page.010.i to ptr
  %9 = load volatile i8, ptr %8, align 4096
  store volatile i8 %9, ptr %8, align 4096
  %add2.i257 = add i32 %page.010.i, 4096
  %cmp.i258 = icmp ult i32 %add2.i257, %add1.i255
  br i1 %cmp.i258, label %for.body.i256, label %touch_to_write.exit

touch_to_write.exit:                              ; preds = %for.body.i256, %touch_to_read.exit
  tail call void @llvm.memmove.p0.p0.i32(ptr align 1 %6, ptr align 1 %2, i32 %conv4, i1 false)
  br label %return

if.end12:                                         ; preds = %if.then6
  %add = add nuw i32 %conv4, %conv3
  %sub = add i32 %add, -16
  %10 = inttoptr i32 %sub to ptr
  %11 = load <16 x i8>, ptr %10, align 1
  %sub14 = sub i32 %conv, %conv3
  %cmp15.not = icmp ult i32 %sub14, %conv4
  br i1 %cmp15.not, label %for.body45.preheader, label %for.body

for.body:                                         ; preds = %if.end12, %for.body
  %add18261 = phi i32 [ %add18, %for.body ], [ 32, %if.end12 ]
  %i.0260 = phi i32 [ %add18261, %for.body ], [ 0, %if.end12 ]
  %add21 = add nuw i32 %i.0260, %conv3
  %12 = inttoptr i32 %add21 to ptr
  %13 = load <16 x i8>, ptr %12, align 1
  %add24 = add nuw i32 %add21, 16
  %14 = inttoptr i32 %add24 to ptr
  %15 = load <16 x i8>, ptr %14, align 1
  %add26 = add nuw i32 %i.0260, %conv
  %16 = inttoptr i32 %add26 to ptr
  store <16 x i8> %13, ptr %16, align 1
  %add28 = add nuw i32 %add26, 16
  %17 = inttoptr i32 %add28 to ptr
  store <16 x i8> %15, ptr %17, align 1
  %add18 = add nuw nsw i32 %add18261, 32
  %cmp19 = icmp samesign ult i32 %add18, %conv4
  br i1 %cmp19, label %for.body, label %for.end

for.end:                                          ; preds = %for.body
  %add30 = or disjoint i32 %add18261, 16
  %cmp31 = icmp samesign ult i32 %add30, %conv4
  br i1 %cmp31, label %if.then33, label %if.end37

if.then33:                                        ; preds = %for.end
  %add34 = add nuw i32 %add18261, %conv
  %add35 = add nuw i32 %add18261, %conv3
  %18 = inttoptr i32 %add35 to ptr
  %19 = load <16 x i8>, ptr %18, align 1
  %20 = inttoptr i32 %add34 to ptr
  store <16 x i8> %19, ptr %20, align 1
  br label %if.end37

if.end37:                                         ; preds = %if.then33, %for.end
  %add38 = add nuw i32 %conv4, %conv
  %sub39 = add i32 %add38, -16
  %21 = inttoptr i32 %sub39 to ptr
  store <16 x i8> %11, ptr %21, align 1
  br label %return

for.body45.preheader:                             ; preds = %if.end12
  %22 = inttoptr i32 %conv3 to ptr
  %23 = load <16 x i8>, ptr %22, align 1
  br label %for.body45

for.body45:                                       ; preds = %for.body45.preheader, %for.body45
  %i41.0263 = phi i32 [ %sub59, %for.body45 ], [ %conv4, %for.body45.preheader ]
  %add47 = add i32 %i41.0263, %conv3
  %sub48 = add i32 %add47, -16
  %24 = inttoptr i32 %sub48 to ptr
  %25 = load <16 x i8>, ptr %24, align 1
  %sub52 = add i32 %add47, -32
  %26 = inttoptr i32 %sub52 to ptr
  %27 = load <16 x i8>, ptr %26, align 1
  %add54 = add i32 %i41.0263, %conv
  %sub55 = add i32 %add54, -16
  %28 = inttoptr i32 %sub55 to ptr
  store <16 x i8> %25, ptr %28, align 1
  %sub57 = add i32 %add54, -32
  %29 = inttoptr i32 %sub57 to ptr
  store <16 x i8> %27, ptr %29, align 1
  %sub59 = add nsw i32 %i41.0263, -32
  %cmp43 = icmp ugt i32 %sub59, 32
  br i1 %cmp43, label %for.body45, label %for.end60

for.end60:                                        ; preds = %for.body45
  %cmp61 = icmp samesign ugt i32 %i41.0263, 48
  br i1 %cmp61, label %if.then63, label %if.end69

if.then63:                                        ; preds = %for.end60
  %add64 = add i32 %conv, -16
  %sub65 = add nuw i32 %add64, %sub59
  %add66 = add i32 %conv3, -16
  %sub67 = add nuw i32 %add66, %sub59
  %30 = inttoptr i32 %sub67 to ptr
  %31 = load <16 x i8>, ptr %30, align 1
  %32 = inttoptr i32 %sub65 to ptr
  store <16 x i8> %31, ptr %32, align 1
  br label %if.end69

if.end69:                                         ; preds = %if.then63, %for.end60
  %33 = inttoptr i32 %conv to ptr
  store <16 x i8> %23, ptr %33, align 1
  br label %return

if.end71:                                         ; preds = %if.end
  %cmp72 = icmp samesign ugt i64 %n, 32
  br i1 %cmp72, label %if.then74, label %if.else91

if.then74:                                        ; preds = %if.end71
  %34 = inttoptr i32 %conv3 to ptr
  %35 = load <16 x i8>, ptr %34, align 1
  %add78 = add nuw i32 %conv3, 16
  %36 = inttoptr i32 %add78 to ptr
  %37 = load <16 x i8>, ptr %36, align 1
  %add80 = add nuw i32 %conv4, %conv3
  %sub81 = add i32 %add80, -32
  %38 = inttoptr i32 %sub81 to ptr
  %39 = load <16 x i8>, ptr %38, align 1
  %sub84 = add i32 %add80, -16
  %40 = inttoptr i32 %sub84 to ptr
  %41 = load <16 x i8>, ptr %40, align 1
  %42 = inttoptr i32 %conv to ptr
  store <16 x i8> %35, ptr %42, align 1
  %add86 = add nuw i32 %conv, 16
  %43 = inttoptr i32 %add86 to ptr
  store <16 x i8> %37, ptr %43, align 1
  %add87 = add nuw i32 %conv4, %conv
  %sub88 = add i32 %add87, -32
  %44 = inttoptr i32 %sub88 to ptr
  store <16 x i8> %39, ptr %44, align 1
  %sub90 = add i32 %add87, -16
  %45 = inttoptr i32 %sub90 to ptr
  store <16 x i8> %41, ptr %45, align 1
  br label %return

if.else91:                                        ; preds = %if.end71
  %cmp92 = icmp samesign ugt i64 %n, 16
  br i1 %cmp92, label %if.then94, label %if.else103

if.then94:                                        ; preds = %if.else91
  %46 = inttoptr i32 %conv3 to ptr
  %47 = load <16 x i8>, ptr %46, align 1
  %add98 = add nuw i32 %conv4, %conv3
  %sub99 = add i32 %add98, -16
  %48 = inttoptr i32 %sub99 to ptr
  %49 = load <16 x i8>, ptr %48, align 1
  %50 = inttoptr i32 %conv to ptr
  store <16 x i8> %47, ptr %50, align 1
  %add101 = add nuw i32 %conv4, %conv
  %sub102 = add i32 %add101, -16
  %51 = inttoptr i32 %sub102 to ptr
  store <16 x i8> %49, ptr %51, align 1
  br label %return

if.else103:                                       ; preds = %if.else91
  %cmp104 = icmp samesign ugt i64 %n, 7
  br i1 %cmp104, label %if.then106, label %if.else113

if.then106:                                       ; preds = %if.else103
  %52 = inttoptr i32 %conv3 to ptr
  %53 = load i64, ptr %52, align 1
  %add109 = add nuw i32 %conv4, %conv3
  %sub110 = add i32 %add109, -8
  %54 = inttoptr i32 %sub110 to ptr
  %55 = load i64, ptr %54, align 1
  %56 = inttoptr i32 %conv to ptr
  store i64 %53, ptr %56, align 1
  %add111 = add nuw i32 %conv4, %conv
  %sub112 = add i32 %add111, -8
  %57 = inttoptr i32 %sub112 to ptr
  store i64 %55, ptr %57, align 1
  br label %return

if.else113:                                       ; preds = %if.else103
  %cmp114 = icmp samesign ugt i64 %n, 3
  br i1 %cmp114, label %if.then116, label %if.else123

if.then116:                                       ; preds = %if.else113
  %58 = inttoptr i32 %conv3 to ptr
  %59 = load i32, ptr %58, align 1
  %add119 = add nuw i32 %conv4, %conv3
  %sub120 = add i32 %add119, -4
  %60 = inttoptr i32 %sub120 to ptr
  %61 = load i32, ptr %60, align 1
  %62 = inttoptr i32 %conv to ptr
  store i32 %59, ptr %62, align 1
  %add121 = add nuw i32 %conv4, %conv
  %sub122 = add i32 %add121, -4
  %63 = inttoptr i32 %sub122 to ptr
  store i32 %61, ptr %63, align 1
  br label %return

if.else123:                                       ; preds = %if.else113
  %tobool124.not = icmp eq i64 %n, 0
  br i1 %tobool124.not, label %return, label %if.then125

if.then125:                                       ; preds = %if.else123
  %64 = inttoptr i32 %conv3 to ptr
  %65 = load i8, ptr %64, align 1
  %div247 = lshr i32 %conv4, 1
  %add129 = add nuw i32 %div247, %conv3
  %66 = inttoptr i32 %add129 to ptr
  %67 = load i8, ptr %66, align 1
  %add132 = add nuw i32 %conv4, %conv3
  %sub133 = add i32 %add132, -1
  %68 = inttoptr i32 %sub133 to ptr
  %69 = load i8, ptr %68, align 1
  %70 = inttoptr i32 %conv to ptr
  store i8 %65, ptr %70, align 1
  %add137 = add nuw i32 %div247, %conv
  %71 = inttoptr i32 %add137 to ptr
  store i8 %67, ptr %71, align 1
  %add139 = add nuw i32 %conv4, %conv
  %sub140 = add i32 %add139, -1
  %72 = inttoptr i32 %sub140 to ptr
  store i8 %69, ptr %72, align 1
  br label %return

return:                                           ; preds = %touch_to_write.exit, %if.end69, %if.end37, %if.then94, %if.then116, %if.then125, %if.else123, %if.then106, %if.then74, %entry, %lor.lhs.false
  %retval.1 = phi i64 [ -1, %entry ], [ -1, %lor.lhs.false ], [ %to, %if.then74 ], [ %to, %if.then106 ], [ %to, %if.else123 ], [ %to, %if.then125 ], [ %to, %if.then116 ], [ %to, %if.then94 ], [ %to, %if.end37 ], [ %to, %if.end69 ], [ %to, %touch_to_write.exit ]
  ret i64 %retval.1
}

declare void @llvm.memmove.p0.p0.i32(ptr writeonly captures(none), ptr readonly captures(none), i32, i1 immarg)

define internal range(i64 -1, 2684223489) i64 @string_set(i64 noundef %to, i64 noundef %value, i64 noundef %n) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %to, -2684223489
  %or.cond.i = icmp ult i64 %0, -2684157953
  %sub.i = sub nuw nsw i64 2684223488, %to
  %cmp2.i = icmp ugt i64 %n, %sub.i
  %narrow.i.not = select i1 %or.cond.i, i1 true, i1 %cmp2.i
  br i1 %narrow.i.not, label %return, label %if.end

if.end:                                           ; preds = %entry
  %conv = trunc nuw i64 %to to i32
  %conv1 = trunc nuw i64 %n to i32
  %conv2 = trunc i64 %value to i8
  %splat.splatinsert = insertelement <16 x i8> poison, i8 %conv2, i64 0
  %splat.splat = shufflevector <16 x i8> %splat.splatinsert, <16 x i8> poison, <16 x i32> zeroinitializer
  %cmp = icmp samesign ugt i64 %n, 15
  br i1 %cmp, label %if.then4, label %if.end17

if.then4:                                         ; preds = %if.end
  %cmp5 = icmp samesign ugt i64 %n, 1023
  br i1 %cmp5, label %if.then7, label %for.cond.preheader

for.cond.preheader:                               ; preds = %if.then4
  %cmp1285.not = icmp eq i64 %n, 16
  br i1 %cmp1285.not, label %for.cond.cleanup, label %for.body

if.then7:                                         ; preds = %if.then4
  %1 = inttoptr i32 %conv to ptr
  %2 = load volatile i8, ptr %1, align 1
  store volatile i8 %2, ptr %1, align 1
  %or.i = or i32 %conv, 4095
  %add.i = add nuw i32 %or.i, 1
  %add1.i = add i32 %conv1, %conv
  %cmp9.i = icmp ult i32 %add.i, %add1.i
  br i1 %cmp9.i, label %for.body.i, label %touch_to_write.exit

for.body.i:                                       ; preds = %if.then7, %for.body.i
  %page.010.i = phi i32 [ %add2.i, %for.body.i ], [ %add.i, %if.then7 ]
  %3 = inttoptr i32 %page.010.i to ptr
  %4 = load volatile i8, ptr %3, align 4096
  store volatile i8 %4, ptr %3, align 4096
  %add2.i = add i32 %page.010.i, 4096
  %cmp.i = icmp ult i32 %add2.i, %add1.i
  br i1 %cmp.i, label %for.body.i, label %touch_to_write.exit

touch_to_write.exit:                              ; preds = %for.body.i, %if.then7
  tail call void @llvm.memset.p0.i32(ptr align 1 %1, i8 %conv2, i32 %conv1, i1 false)
  br label %return

for.cond.cleanup:                                 ; preds = %for.body, %for.cond.preheader
  %add16 = add nuw i32 %conv1, %conv
  %sub = add i32 %add16, -16
  %5 = inttoptr i32 %sub to ptr
  store <16 x i8> %splat.splat, ptr %5, align 1
  br label %return

for.body:                                         ; preds = %for.cond.preheader, %for.body
  %add1187 = phi i32 [ %add11, %for.body ], [ 16, %for.cond.preheader ]
  %i.086 = phi i32 [ %add1187, %for.body ], [ 0, %for.cond.preheader ]
  %add14 = add nuw i32 %i.086, %conv
  %6 = inttoptr i32 %add14 to ptr
  store <16 x i8> %splat.splat, ptr %6, align 1
  %add11 = add nuw nsw i32 %add1187, 16
  %cmp12 = icmp samesign ult i32 %add11, %conv1
  br i1 %cmp12, label %for.body, label %for.cond.cleanup

if.end17:                                         ; preds = %if.end
  %conv18 = and i64 %value, 255
  %mul = mul nuw i64 %conv18, 72340172838076673
  %cmp19 = icmp samesign ugt i64 %n, 7
  br i1 %cmp19, label %if.then21, label %if.else

if.then21:                                        ; preds = %if.end17
  %7 = inttoptr i32 %conv to ptr
  store i64 %mul, ptr %7, align 1
  %add22 = add nuw i32 %conv1, %conv
  %sub23 = add i32 %add22, -8
  %8 = inttoptr i32 %sub23 to ptr
  store i64 %mul, ptr %8, align 1
  br label %return

if.else:                                          ; preds = %if.end17
  %cmp24 = icmp samesign ugt i64 %n, 3
  br i1 %cmp24, label %if.then26, label %if.else31

if.then26:                                        ; preds = %if.else
  %conv27 = trunc i64 %mul to i32
  %9 = inttoptr i32 %conv to ptr
  store i32 %conv27, ptr %9, align 1
  %add29 = add nuw i32 %conv1, %conv
  %sub30 = add i32 %add29, -4
  %10 = inttoptr i32 %sub30 to ptr
  store i32 %conv27, ptr %10, align 1
  br label %return

if.else31:                                        ; preds = %if.else
  %tobool32.not = icmp eq i64 %n, 0
  br i1 %tobool32.not, label %return, label %if.then33

if.then33:                                        ; preds = %if.else31
  %11 = inttoptr i32 %conv to ptr
  store i8 %conv2, ptr %11, align 1
  %div84 = lshr i32 %conv1, 1
  %add35 = add nuw i32 %div84, %conv
  %12 = inttoptr i32 %add35 to ptr
  store i8 %conv2, ptr %12, align 1
  %add37 = add nuw i32 %conv1, %conv
  %sub38 = add i32 %add37, -1
  %13 = inttoptr i32 %sub38 to ptr
  store i8 %conv2, ptr %13, align 1
  br label %return

return:                                           ; preds = %touch_to_write.exit, %for.cond.cleanup, %if.then26, %if.then33, %if.else31, %if.then21, %entry
  %retval.1 = phi i64 [ -1, %entry ], [ %to, %if.then21 ], [ %to, %if.else31 ], [ %to, %if.then33 ], [ %to, %if.then26 ], [ %to, %for.cond.cleanup ], [ %to, %touch_to_write.exit ]
  ret i64 %retval.1
}

declare void @llvm.memset.p0.i32(ptr writeonly captures(none), i8, i32, i1 immarg)

define internal range(i64 -1, 4294967296) i64 @string_compare_bytes(i64 noundef %one, i64 noundef %other, i64 noundef %n) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %one, -2684223489
  %or.cond.i = icmp ult i64 %0, -2684157953
  %sub.i = sub nuw nsw i64 2684223488, %one
  %cmp2.i = icmp ugt i64 %n, %sub.i
  %narrow.i.not = select i1 %or.cond.i, i1 true, i1 %cmp2.i
  br i1 %narrow.i.not, label %return, label %lor.lhs.false

lor.lhs.false:                                    ; preds = %entry
  %1 = add i64 %other, -2684223489
  %or.cond.i126 = icmp ult i64 %1, -2684157953
  %sub.i127 = sub nuw nsw i64 2684223488, %other
  %cmp2.i128 = icmp samesign ugt i64 %n, %sub.i127
  %narrow.i129.not = select i1 %or.cond.i126, i1 true, i1 %cmp2.i128
  br i1 %narrow.i129.not, label %return, label %if.end

if.end:                                           ; preds = %lor.lhs.false
  %conv = trunc nuw i64 %one to i32
  %conv3 = trunc nuw i64 %other to i32
  %conv4 = trunc nuw i64 %n to i32
  %cmp152 = icmp samesign ugt i64 %n, 15
  br i1 %cmp152, label %while.body, label %for.cond55.preheader

for.cond55.preheader:                             ; preds = %cleanup51, %if.end
  %left.0.lcssa = phi i32 [ %conv4, %if.end ], [ %sub50, %cleanup51 ]
  %b.0.lcssa = phi i32 [ %conv3, %if.end ], [ %add49, %cleanup51 ]
  %a.0.lcssa = phi i32 [ %conv, %if.end ], [ %add48, %cleanup51 ]
  %cmp56.not158.not = icmp eq i32 %left.0.lcssa, 0
  br i1 %cmp56.not158.not, label %return, label %for.body59

while.body:                                       ; preds = %if.end, %cleanup51
  %a.0155 = phi i32 [ %add48, %cleanup51 ], [ %conv, %if.end ]
  %b.0154 = phi i32 [ %add49, %cleanup51 ], [ %conv3, %if.end ]
  %left.0153 = phi i32 [ %sub50, %cleanup51 ], [ %conv4, %if.end ]
  %and.i = and i32 %a.0155, 4095
  %cmp.i = icmp samesign ugt i32 %and.i, 4080
  %and.i131 = and i32 %b.0154, 4095
  %cmp.i132 = icmp samesign ugt i32 %and.i131, 4080
  %or.cond = select i1 %cmp.i, i1 true, i1 %cmp.i132
  br i1 %or.cond, label %for.body, label %if.then10

if.then10:                                        ; preds = %while.body
  %2 = inttoptr i32 %a.0155 to ptr
  %3 = load <16 x i8>, ptr %2, align 1
  %4 = inttoptr i32 %b.0154 to ptr
  %5 = load <16 x i8>, ptr %4, align 1
  %cmp13 = icmp eq <16 x i8> %3, %5
  %sext = sext <16 x i1> %cmp13 to <16 x i8>
  %6 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext)
  %tobool15.not = icmp eq i32 %6, 65535
  br i1 %tobool15.not, label %cleanup51, label %cleanup

cleanup:                                          ; preds = %if.then10
  %xor = xor i32 %6, 65535
  %7 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %xor, i1 true)
  %add = add i32 %7, %a.0155
  %8 = inttoptr i32 %add to ptr
  %9 = load i8, ptr %8, align 1
  %conv18 = zext i8 %9 to i64
  %add19 = add i32 %7, %b.0154
  %10 = inttoptr i32 %add19 to ptr
  %11 = load i8, ptr %10, align 1
  %conv21 = zext i8 %11 to i64
  %sub = sub nsw i64 %conv18, %conv21
  %conv22 = and i64 %sub, 4294967295
  br label %return

for.cond:                                         ; preds = %for.body
  %inc = add nuw nsw i32 %i24.0151, 1
  %exitcond = icmp eq i32 %inc, 16
  br i1 %exitcond, label %cleanup51, label %for.body

for.body:                                         ; preds = %while.body, %for.cond
  %i24.0151 = phi i32 [ %inc, %for.cond ], [ 0, %while.body ]
  %add27 = add i32 %i24.0151, %a.0155
  %12 = inttoptr i32 %add27 to ptr
  %13 = load i8, ptr %12, align 1
  %add30 = add i32 %i24.0151, %b.0154
  %14 = inttoptr i32 %add30 to ptr
  %15 = load i8, ptr %14, align 1
  %cmp33.not = icmp eq i8 %13, %15
  br i1 %cmp33.not, label %for.cond, label %cleanup45

cleanup45:                                        ; preds = %for.body
  %conv38 = zext i8 %13 to i64
  %conv41 = zext i8 %15 to i64
  %sub42 = sub nsw i64 %conv38, %conv41
  %conv43 = and i64 %sub42, 4294967295
  br label %return

cleanup51:                                        ; preds = %for.cond, %if.then10
  %add48 = add i32 %a.0155, 16
  %add49 = add i32 %b.0154, 16
  %sub50 = add i32 %left.0153, -16
  %cmp = icmp ugt i32 %sub50, 15
  br i1 %cmp, label %while.body, label %for.cond55.preheader

for.cond55:                                       ; preds = %for.body59
  %inc79 = add nuw i32 %i54.0159, 1
  %exitcond172.not = icmp eq i32 %inc79, %left.0.lcssa
  br i1 %exitcond172.not, label %return, label %for.body59

for.body59:                                       ; preds = %for.cond55.preheader, %for.cond55
  %i54.0159 = phi i32 [ %inc79, %for.cond55 ], [ 0, %for.cond55.preheader ]
  %add60 = add i32 %i54.0159, %a.0.lcssa
  %16 = inttoptr i32 %add60 to ptr
  %17 = load i8, ptr %16, align 1
  %add63 = add i32 %i54.0159, %b.0.lcssa
  %18 = inttoptr i32 %add63 to ptr
  %19 = load i8, ptr %18, align 1
  %cmp66.not = icmp eq i8 %17, %19
  br i1 %cmp66.not, label %for.cond55, label %if.then68

if.then68:                                        ; preds = %for.body59
  %conv71 = zext i8 %17 to i64
  %conv74 = zext i8 %19 to i64
  %sub75 = sub nsw i64 %conv71, %conv74
  %conv76 = and i64 %sub75, 4294967295
  br label %return

return:                                           ; preds = %for.cond55, %for.cond55.preheader, %if.then68, %cleanup45, %cleanup, %entry, %lor.lhs.false
  %retval.7 = phi i64 [ -1, %entry ], [ -1, %lor.lhs.false ], [ %conv22, %cleanup ], [ %conv43, %cleanup45 ], [ %conv76, %if.then68 ], [ 0, %for.cond55.preheader ], [ 0, %for.cond55 ]
  ret i64 %retval.7
}

declare i32 @llvm.cttz.i32(i32, i1 immarg)

define internal range(i64 -1, 4294967296) i64 @string_length(i64 noundef %text) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %text, -2684223488
  %narrow.i = icmp ult i64 %0, -2684157952
  br i1 %narrow.i, label %return, label %if.end.i

if.end.i:                                         ; preds = %entry
  %conv = trunc nuw i64 %text to i32
  %and.i = and i32 %conv, -16
  %1 = inttoptr i32 %and.i to ptr
  %2 = load <16 x i8>, ptr %1, align 16
  %cmp.i = icmp eq <16 x i8> %2, zeroinitializer
  %sext.i = sext <16 x i1> %cmp.i to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i)
  %and5.i = and i32 %conv, 15
  %shl.i = shl nuw nsw i32 65535, %and5.i
  %and6.i = and i32 %3, %shl.i
  %tobool7.not.i16 = icmp eq i32 %and6.i, 0
  br i1 %tobool7.not.i16, label %while.body.i, label %scan.exit

while.body.i:                                     ; preds = %if.end.i, %if.end10.i
  %block.0.i17 = phi i32 [ %add.i, %if.end10.i ], [ %and.i, %if.end.i ]
  %add.i = add i32 %block.0.i17, 16
  %cmp8.not.i = icmp ult i32 %add.i, -1610743808
  br i1 %cmp8.not.i, label %if.end10.i, label %scan.exit.thread

if.end10.i:                                       ; preds = %while.body.i
  %4 = inttoptr i32 %add.i to ptr
  %5 = load <16 x i8>, ptr %4, align 16
  %cmp.i7 = icmp eq <16 x i8> %5, zeroinitializer
  %sext.i8 = sext <16 x i1> %cmp.i7 to <16 x i8>
  %6 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i8)
  %tobool7.not.i = icmp eq i32 %6, 0
  br i1 %tobool7.not.i, label %while.body.i, label %scan.exit

scan.exit:                                        ; preds = %if.end10.i, %if.end.i
  %block.0.i.lcssa = phi i32 [ %and.i, %if.end.i ], [ %add.i, %if.end10.i ]
  %found.1.i.lcssa = phi i32 [ %and6.i, %if.end.i ], [ %6, %if.end10.i ]
  %7 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %found.1.i.lcssa, i1 true)
  %add18.i = add nuw i32 %7, %block.0.i.lcssa
  %add18.i.fr = freeze i32 %add18.i
  %cond.i = tail call i32 @llvm.umin.i32(i32 %add18.i.fr, i32 -1610743808)
  %cmp = icmp ugt i32 %add18.i.fr, -1610743809
  %sub = sub i32 %cond.i, %conv
  %conv3 = zext i32 %sub to i64
  br i1 %cmp, label %scan.exit.thread, label %return

scan.exit.thread:                                 ; preds = %while.body.i, %scan.exit
  br label %return

return:                                           ; preds = %scan.exit.thread, %scan.exit, %entry
  %retval.0 = phi i64 [ -1, %entry ], [ -1, %scan.exit.thread ], [ %conv3, %scan.exit ]
  ret i64 %retval.0
}

define internal range(i64 -1, 4294967296) i64 @string_length_limited(i64 noundef %text, i64 noundef %limit) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %text, -2684223488
  %narrow.i = icmp ult i64 %0, -2684157952
  br i1 %narrow.i, label %return, label %if.end

if.end:                                           ; preds = %entry
  %sub.i = sub nuw nsw i64 2684223488, %text
  %conv = trunc nuw i64 %text to i32
  %cmp = icmp ult i64 %limit, %sub.i
  %conv2 = trunc i64 %limit to i32
  %add = add i32 %conv2, %conv
  %cond = select i1 %cmp, i32 %add, i32 -1610743808
  %cmp.not.i = icmp ugt i32 %cond, %conv
  br i1 %cmp.not.i, label %if.end.i, label %scan.exit

if.end.i:                                         ; preds = %if.end
  %and.i = and i32 %conv, -16
  %1 = inttoptr i32 %and.i to ptr
  %2 = load <16 x i8>, ptr %1, align 16
  %cmp.i = icmp eq <16 x i8> %2, zeroinitializer
  %sext.i = sext <16 x i1> %cmp.i to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i)
  %and5.i = and i32 %conv, 15
  %shl.i = shl nuw nsw i32 65535, %and5.i
  %and6.i = and i32 %3, %shl.i
  %tobool7.not.i22 = icmp eq i32 %and6.i, 0
  br i1 %tobool7.not.i22, label %while.body.i, label %while.end.i

while.body.i:                                     ; preds = %if.end.i, %if.end10.i
  %block.0.i23 = phi i32 [ %add.i, %if.end10.i ], [ %and.i, %if.end.i ]
  %add.i = add i32 %block.0.i23, 16
  %cmp8.not.i = icmp ult i32 %add.i, %cond
  br i1 %cmp8.not.i, label %if.end10.i, label %scan.exit

if.end10.i:                                       ; preds = %while.body.i
  %4 = inttoptr i32 %add.i to ptr
  %5 = load <16 x i8>, ptr %4, align 16
  %cmp.i18 = icmp eq <16 x i8> %5, zeroinitializer
  %sext.i19 = sext <16 x i1> %cmp.i18 to <16 x i8>
  %6 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i19)
  %tobool7.not.i = icmp eq i32 %6, 0
  br i1 %tobool7.not.i, label %while.body.i, label %while.end.i

while.end.i:                                      ; preds = %if.end10.i, %if.end.i
  %block.0.i.lcssa = phi i32 [ %and.i, %if.end.i ], [ %add.i, %if.end10.i ]
  %found.1.i.lcssa = phi i32 [ %and6.i, %if.end.i ], [ %6, %if.end10.i ]
  %7 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %found.1.i.lcssa, i1 true)
  %add18.i = add i32 %7, %block.0.i.lcssa
  %cond.i = tail call i32 @llvm.umin.i32(i32 %add18.i, i32 %cond)
  br label %scan.exit

scan.exit:                                        ; preds = %while.body.i, %if.end, %while.end.i
  %retval.1.i = phi i32 [ %add, %if.end ], [ %cond.i, %while.end.i ], [ %cond, %while.body.i ]
  %cmp4 = icmp eq i32 %retval.1.i, -1610743808
  %sub8 = sub i32 %retval.1.i, %conv
  %conv9 = zext i32 %sub8 to i64
  %cond11 = select i1 %cmp4, i64 -1, i64 %conv9
  br label %return

return:                                           ; preds = %entry, %scan.exit
  %retval.0 = phi i64 [ %cond11, %scan.exit ], [ -1, %entry ]
  ret i64 %retval.0
}

define internal range(i64 -1, 4294967296) i64 @string_find_byte(i64 noundef %data, i64 noundef %value, i64 noundef %n) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %data, -2684223488
  %narrow.i = icmp ult i64 %0, -2684157952
  br i1 %narrow.i, label %return, label %if.end

if.end:                                           ; preds = %entry
  %sub.i = sub nuw nsw i64 2684223488, %data
  %conv = trunc nuw i64 %data to i32
  %cmp = icmp ult i64 %n, %sub.i
  %conv2 = trunc i64 %n to i32
  %add = add i32 %conv2, %conv
  %cond = select i1 %cmp, i32 %add, i32 -1610743808
  %cmp.not.i = icmp ugt i32 %cond, %conv
  br i1 %cmp.not.i, label %if.end.i, label %scan.exit

if.end.i:                                         ; preds = %if.end
  %conv3 = trunc i64 %value to i8
  %and.i = and i32 %conv, -16
  %1 = inttoptr i32 %and.i to ptr
  %2 = load <16 x i8>, ptr %1, align 16
  %splat.splatinsert.i = insertelement <16 x i8> poison, i8 %conv3, i64 0
  %splat.splat.i = shufflevector <16 x i8> %splat.splatinsert.i, <16 x i8> poison, <16 x i32> zeroinitializer
  %cmp.i = icmp eq <16 x i8> %2, %splat.splat.i
  %sext.i = sext <16 x i1> %cmp.i to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i)
  %and5.i = and i32 %conv, 15
  %shl.i = shl nuw nsw i32 65535, %and5.i
  %and6.i = and i32 %3, %shl.i
  %tobool7.not.i32 = icmp eq i32 %and6.i, 0
  br i1 %tobool7.not.i32, label %while.body.i, label %while.end.i

while.body.i:                                     ; preds = %if.end.i, %if.end10.i
  %block.0.i33 = phi i32 [ %add.i, %if.end10.i ], [ %and.i, %if.end.i ]
  %add.i = add i32 %block.0.i33, 16
  %cmp8.not.i = icmp ult i32 %add.i, %cond
  br i1 %cmp8.not.i, label %if.end10.i, label %scan.exit

if.end10.i:                                       ; preds = %while.body.i
  %4 = inttoptr i32 %add.i to ptr
  %5 = load <16 x i8>, ptr %4, align 16
  %cmp.i28 = icmp eq <16 x i8> %5, %splat.splat.i
  %sext.i29 = sext <16 x i1> %cmp.i28 to <16 x i8>
  %6 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i29)
  %tobool7.not.i = icmp eq i32 %6, 0
  br i1 %tobool7.not.i, label %while.body.i, label %while.end.i

while.end.i:                                      ; preds = %if.end10.i, %if.end.i
  %block.0.i.lcssa = phi i32 [ %and.i, %if.end.i ], [ %add.i, %if.end10.i ]
  %found.1.i.lcssa = phi i32 [ %and6.i, %if.end.i ], [ %6, %if.end10.i ]
  %7 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %found.1.i.lcssa, i1 true)
  %add18.i = add i32 %7, %block.0.i.lcssa
  %cond.i = tail call i32 @llvm.umin.i32(i32 %add18.i, i32 %cond)
  br label %scan.exit

scan.exit:                                        ; preds = %while.body.i, %if.end, %while.end.i
  %retval.1.i = phi i32 [ %add, %if.end ], [ %cond.i, %while.end.i ], [ %cond, %while.body.i ]
  %cmp5 = icmp eq i32 %retval.1.i, -1610743808
  %cmp9 = icmp eq i32 %retval.1.i, %cond
  %cond14 = select i1 %cmp9, i32 0, i32 %retval.1.i
  %conv15 = zext i32 %cond14 to i64
  %retval.0 = select i1 %cmp5, i64 -1, i64 %conv15
  br label %return

return:                                           ; preds = %entry, %scan.exit
  %retval.1 = phi i64 [ %retval.0, %scan.exit ], [ -1, %entry ]
  ret i64 %retval.1
}

define internal range(i64 -1, 2684223489) i64 @string_find_or_end(i64 noundef %text, i64 noundef %value) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %text, -2684223488
  %narrow.i = icmp ult i64 %0, -2684157952
  br i1 %narrow.i, label %return, label %if.end.i

if.end.i:                                         ; preds = %entry
  %conv = trunc nuw i64 %text to i32
  %conv1 = trunc i64 %value to i8
  %and.i = and i32 %conv, -16
  %1 = inttoptr i32 %and.i to ptr
  %2 = load <16 x i8>, ptr %1, align 16
  %splat.splatinsert.i = insertelement <16 x i8> poison, i8 %conv1, i64 0
  %splat.splat.i = shufflevector <16 x i8> %splat.splatinsert.i, <16 x i8> poison, <16 x i32> zeroinitializer
  %cmp.i = icmp eq <16 x i8> %2, %splat.splat.i
  %sext.i = sext <16 x i1> %cmp.i to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i)
  %cmp.i7 = icmp eq <16 x i8> %2, zeroinitializer
  %sext.i8 = sext <16 x i1> %cmp.i7 to <16 x i8>
  %4 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i8)
  %or.i = or i32 %3, %4
  %and5.i = and i32 %conv, 15
  %shl.i = shl nuw nsw i32 65535, %and5.i
  %and6.i = and i32 %or.i, %shl.i
  %tobool7.not.i21 = icmp eq i32 %and6.i, 0
  br i1 %tobool7.not.i21, label %while.body.i, label %scan.exit

while.body.i:                                     ; preds = %if.end.i, %if.end10.i
  %block.0.i22 = phi i32 [ %add.i, %if.end10.i ], [ %and.i, %if.end.i ]
  %cmp8.not.i = icmp ult i32 %block.0.i22, -1610743824
  br i1 %cmp8.not.i, label %if.end10.i, label %scan.exit.thread

if.end10.i:                                       ; preds = %while.body.i
  %add.i = add nuw i32 %block.0.i22, 16
  %5 = inttoptr i32 %add.i to ptr
  %6 = load <16 x i8>, ptr %5, align 16
  %cmp.i11 = icmp eq <16 x i8> %6, %splat.splat.i
  %sext.i12 = sext <16 x i1> %cmp.i11 to <16 x i8>
  %7 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i12)
  %cmp.i13 = icmp eq <16 x i8> %6, zeroinitializer
  %sext.i14 = sext <16 x i1> %cmp.i13 to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i14)
  %or16.i = or i32 %7, %8
  %tobool7.not.i = icmp eq i32 %or16.i, 0
  br i1 %tobool7.not.i, label %while.body.i, label %scan.exit

scan.exit:                                        ; preds = %if.end10.i, %if.end.i
  %block.0.i.lcssa = phi i32 [ %and.i, %if.end.i ], [ %add.i, %if.end10.i ]
  %found.1.i.lcssa = phi i32 [ %and6.i, %if.end.i ], [ %or16.i, %if.end10.i ]
  %9 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %found.1.i.lcssa, i1 true)
  %add18.i = add nuw i32 %9, %block.0.i.lcssa
  %add18.i.fr = freeze i32 %add18.i
  %cmp = icmp ugt i32 %add18.i.fr, -1610743809
  %conv4 = zext i32 %add18.i.fr to i64
  br i1 %cmp, label %scan.exit.thread, label %return

scan.exit.thread:                                 ; preds = %while.body.i, %scan.exit
  br label %return

return:                                           ; preds = %scan.exit.thread, %scan.exit, %entry
  %retval.0 = phi i64 [ -1, %entry ], [ -1, %scan.exit.thread ], [ %conv4, %scan.exit ]
  ret i64 %retval.0
}

define internal range(i64 -1, 2684223488) i64 @string_find(i64 noundef %text, i64 noundef %value) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %text, -2684223488
  %narrow.i.i = icmp ult i64 %0, -2684157952
  br i1 %narrow.i.i, label %cond.end, label %if.end.i.i

if.end.i.i:                                       ; preds = %entry
  %conv.i = trunc nuw i64 %text to i32
  %conv1.i = trunc i64 %value to i8
  %and.i.i = and i32 %conv.i, -16
  %1 = inttoptr i32 %and.i.i to ptr
  %2 = load <16 x i8>, ptr %1, align 16
  %splat.splatinsert.i.i = insertelement <16 x i8> poison, i8 %conv1.i, i64 0
  %splat.splat.i.i = shufflevector <16 x i8> %splat.splatinsert.i.i, <16 x i8> poison, <16 x i32> zeroinitializer
  %cmp.i.i = icmp eq <16 x i8> %2, %splat.splat.i.i
  %sext.i.i = sext <16 x i1> %cmp.i.i to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i.i)
  %cmp.i7.i = icmp eq <16 x i8> %2, zeroinitializer
  %sext.i8.i = sext <16 x i1> %cmp.i7.i to <16 x i8>
  %4 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i8.i)
  %or.i.i = or i32 %3, %4
  %and5.i.i = and i32 %conv.i, 15
  %shl.i.i = shl nuw nsw i32 65535, %and5.i.i
  %and6.i.i = and i32 %or.i.i, %shl.i.i
  %tobool7.not.i21.i = icmp eq i32 %and6.i.i, 0
  br i1 %tobool7.not.i21.i, label %while.body.i.i, label %scan.exit.i

while.body.i.i:                                   ; preds = %if.end.i.i, %if.end10.i.i
  %block.0.i22.i = phi i32 [ %add.i.i, %if.end10.i.i ], [ %and.i.i, %if.end.i.i ]
  %cmp8.not.i.i = icmp ult i32 %block.0.i22.i, -1610743824
  br i1 %cmp8.not.i.i, label %if.end10.i.i, label %cond.end

if.end10.i.i:                                     ; preds = %while.body.i.i
  %add.i.i = add nuw i32 %block.0.i22.i, 16
  %5 = inttoptr i32 %add.i.i to ptr
  %6 = load <16 x i8>, ptr %5, align 16
  %cmp.i11.i = icmp eq <16 x i8> %6, %splat.splat.i.i
  %sext.i12.i = sext <16 x i1> %cmp.i11.i to <16 x i8>
  %7 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i12.i)
  %cmp.i13.i = icmp eq <16 x i8> %6, zeroinitializer
  %sext.i14.i = sext <16 x i1> %cmp.i13.i to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i14.i)
  %or16.i.i = or i32 %7, %8
  %tobool7.not.i.i = icmp eq i32 %or16.i.i, 0
  br i1 %tobool7.not.i.i, label %while.body.i.i, label %scan.exit.i

scan.exit.i:                                      ; preds = %if.end10.i.i, %if.end.i.i
  %block.0.i.lcssa.i = phi i32 [ %and.i.i, %if.end.i.i ], [ %add.i.i, %if.end10.i.i ]
  %found.1.i.lcssa.i = phi i32 [ %and6.i.i, %if.end.i.i ], [ %or16.i.i, %if.end10.i.i ]
  %9 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %found.1.i.lcssa.i, i1 true)
  %add18.i.i = add nuw i32 %9, %block.0.i.lcssa.i
  %add18.i.fr.i = freeze i32 %add18.i.i
  %cmp.i = icmp ugt i32 %add18.i.fr.i, -1610743809
  br i1 %cmp.i, label %cond.end, label %land.lhs.true

land.lhs.true:                                    ; preds = %scan.exit.i
  %conv4.i = zext i32 %add18.i.fr.i to i64
  %10 = inttoptr i32 %add18.i.fr.i to ptr
  %11 = load i8, ptr %10, align 1
  %cmp5.not = icmp eq i8 %11, %conv1.i
  %spec.select = select i1 %cmp5.not, i64 %conv4.i, i64 0
  br label %cond.end

cond.end:                                         ; preds = %while.body.i.i, %land.lhs.true, %scan.exit.i, %entry
  %cond = phi i64 [ %spec.select, %land.lhs.true ], [ -1, %scan.exit.i ], [ -1, %entry ], [ -1, %while.body.i.i ]
  ret i64 %cond
}

define internal range(i64 -1, 2684223489) i64 @string_find_raw(i64 noundef %data, i64 noundef %value) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %data, -2684223488
  %narrow.i = icmp ult i64 %0, -2684157952
  br i1 %narrow.i, label %return, label %if.end.i

if.end.i:                                         ; preds = %entry
  %conv = trunc nuw i64 %data to i32
  %conv1 = trunc i64 %value to i8
  %and.i = and i32 %conv, -16
  %1 = inttoptr i32 %and.i to ptr
  %2 = load <16 x i8>, ptr %1, align 16
  %splat.splatinsert.i = insertelement <16 x i8> poison, i8 %conv1, i64 0
  %splat.splat.i = shufflevector <16 x i8> %splat.splatinsert.i, <16 x i8> poison, <16 x i32> zeroinitializer
  %cmp.i = icmp eq <16 x i8> %2, %splat.splat.i
  %sext.i = sext <16 x i1> %cmp.i to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i)
  %and5.i = and i32 %conv, 15
  %shl.i = shl nuw nsw i32 65535, %and5.i
  %and6.i = and i32 %3, %shl.i
  %tobool7.not.i17 = icmp eq i32 %and6.i, 0
  br i1 %tobool7.not.i17, label %while.body.i, label %scan.exit

while.body.i:                                     ; preds = %if.end.i, %if.end10.i
  %block.0.i18 = phi i32 [ %add.i, %if.end10.i ], [ %and.i, %if.end.i ]
  %cmp8.not.i = icmp ult i32 %block.0.i18, -1610743824
  br i1 %cmp8.not.i, label %if.end10.i, label %scan.exit.thread

if.end10.i:                                       ; preds = %while.body.i
  %add.i = add nuw i32 %block.0.i18, 16
  %4 = inttoptr i32 %add.i to ptr
  %5 = load <16 x i8>, ptr %4, align 16
  %cmp.i9 = icmp eq <16 x i8> %5, %splat.splat.i
  %sext.i10 = sext <16 x i1> %cmp.i9 to <16 x i8>
  %6 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i10)
  %tobool7.not.i = icmp eq i32 %6, 0
  br i1 %tobool7.not.i, label %while.body.i, label %scan.exit

scan.exit:                                        ; preds = %if.end10.i, %if.end.i
  %block.0.i.lcssa = phi i32 [ %and.i, %if.end.i ], [ %add.i, %if.end10.i ]
  %found.1.i.lcssa = phi i32 [ %and6.i, %if.end.i ], [ %6, %if.end10.i ]
  %7 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %found.1.i.lcssa, i1 true)
  %add18.i = add nuw i32 %7, %block.0.i.lcssa
  %add18.i.fr = freeze i32 %add18.i
  %cmp = icmp ugt i32 %add18.i.fr, -1610743809
  %conv4 = zext i32 %add18.i.fr to i64
  br i1 %cmp, label %scan.exit.thread, label %return

scan.exit.thread:                                 ; preds = %while.body.i, %scan.exit
  br label %return

return:                                           ; preds = %scan.exit.thread, %scan.exit, %entry
  %retval.0 = phi i64 [ -1, %entry ], [ -1, %scan.exit.thread ], [ %conv4, %scan.exit ]
  ret i64 %retval.0
}

define internal range(i64 -1, 4294967296) i64 @string_compare(i64 noundef %one, i64 noundef %other) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %one, -2684223488
  %narrow.i = icmp ult i64 %0, -2684157952
  %1 = add i64 %other, -2684223488
  %narrow.i6 = icmp ult i64 %1, -2684157952
  %or.cond = or i1 %narrow.i, %narrow.i6
  br i1 %or.cond, label %compare_strings.exit, label %if.end.i

if.end.i:                                         ; preds = %entry
  %cmp.i31 = icmp samesign ugt i64 %one, 2684223472
  %cmp6.i32 = icmp samesign ugt i64 %other, 2684223472
  %or.cond.i33 = or i1 %cmp.i31, %cmp6.i32
  br i1 %or.cond.i33, label %compare_strings.exit, label %if.end9.i

if.end9.i:                                        ; preds = %if.end.i, %if.end73.i
  %indvars.iv57 = phi i64 [ %indvars.iv.next58, %if.end73.i ], [ %other, %if.end.i ]
  %indvars.iv55 = phi i64 [ %indvars.iv.next56, %if.end73.i ], [ %one, %if.end.i ]
  %2 = trunc nuw i64 %indvars.iv55 to i32
  %and.i = and i32 %2, 4095
  %cmp.i8 = icmp samesign ugt i32 %and.i, 4080
  %3 = trunc nuw i64 %indvars.iv57 to i32
  %and.i10 = and i32 %3, 4095
  %cmp.i11 = icmp samesign ugt i32 %and.i10, 4080
  %or.cond18 = select i1 %cmp.i8, i1 true, i1 %cmp.i11
  br i1 %or.cond18, label %if.end45.i, label %if.then14.i

if.then14.i:                                      ; preds = %if.end9.i
  %4 = inttoptr i32 %2 to ptr
  %5 = load <16 x i8>, ptr %4, align 1
  %6 = inttoptr i32 %3 to ptr
  %7 = load <16 x i8>, ptr %6, align 1
  %cmp17.i = icmp eq <16 x i8> %5, %7
  %sext.i = sext <16 x i1> %cmp17.i to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i)
  %xor.i = xor i32 %8, 65535
  %cmp.i13 = icmp eq <16 x i8> %5, zeroinitializer
  %sext.i14 = sext <16 x i1> %cmp.i13 to <16 x i8>
  %9 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i14)
  %or.i = or i32 %xor.i, %9
  %tobool20.not.i = icmp eq i32 %or.i, 0
  br i1 %tobool20.not.i, label %if.end73.i, label %cond.true.i

cond.true.i:                                      ; preds = %if.then14.i
  %10 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %or.i, i1 true)
  %add.i = add nuw i32 %10, %2
  %11 = inttoptr i32 %add.i to ptr
  %12 = load i8, ptr %11, align 1
  %conv26.i = zext i8 %12 to i64
  %add27.i = add nuw i32 %10, %3
  %13 = inttoptr i32 %add27.i to ptr
  %14 = load i8, ptr %13, align 1
  %conv29.i = zext i8 %14 to i64
  %sub.i = sub nsw i64 %conv26.i, %conv29.i
  %15 = and i64 %sub.i, 4294967295
  br label %compare_strings.exit

for.cond38.i:                                     ; preds = %if.end45.i
  %indvars.iv.next = add nuw nsw i64 %indvars.iv, 1
  %exitcond = icmp eq i64 %indvars.iv.next, 16
  br i1 %exitcond, label %if.end73.i, label %if.end45.i

if.end45.i:                                       ; preds = %if.end9.i, %for.cond38.i
  %indvars.iv = phi i64 [ %indvars.iv.next, %for.cond38.i ], [ 0, %if.end9.i ]
  %16 = add nuw nsw i64 %indvars.iv, %indvars.iv55
  %17 = trunc nuw i64 %16 to i32
  %18 = inttoptr i32 %17 to ptr
  %19 = load i8, ptr %18, align 1
  %20 = add nuw nsw i64 %indvars.iv, %indvars.iv57
  %21 = trunc nuw i64 %20 to i32
  %22 = inttoptr i32 %21 to ptr
  %23 = load i8, ptr %22, align 1
  %cmp53.i = icmp eq i8 %19, %23
  %tobool56.i = icmp ne i8 %19, 0
  %or.cond83.i = and i1 %tobool56.i, %cmp53.i
  br i1 %or.cond83.i, label %for.cond38.i, label %compare_strings.exit.loopexit.split.loop.exit

if.end73.i:                                       ; preds = %for.cond38.i, %if.then14.i
  %indvars.iv.next56 = add nuw nsw i64 %indvars.iv55, 16
  %indvars.iv.next58 = add nuw nsw i64 %indvars.iv57, 16
  %cmp.i = icmp samesign ugt i64 %indvars.iv55, 2684223456
  %cmp6.i = icmp samesign ugt i64 %indvars.iv57, 2684223456
  %or.cond.i = select i1 %cmp.i, i1 true, i1 %cmp6.i
  br i1 %or.cond.i, label %compare_strings.exit, label %if.end9.i

compare_strings.exit.loopexit.split.loop.exit:    ; preds = %if.end45.i
  %conv52.i.le = zext i8 %23 to i64
  %conv51.i.le = zext i8 %19 to i64
  %sub60.i.le = sub nsw i64 %conv51.i.le, %conv52.i.le
  %conv61.i.le = and i64 %sub60.i.le, 4294967295
  br label %compare_strings.exit

compare_strings.exit:                             ; preds = %if.end73.i, %if.end.i, %compare_strings.exit.loopexit.split.loop.exit, %cond.true.i, %entry
  %retval.7.i = phi i64 [ -1, %entry ], [ %15, %cond.true.i ], [ -1, %if.end.i ], [ %conv61.i.le, %compare_strings.exit.loopexit.split.loop.exit ], [ -1, %if.end73.i ]
  ret i64 %retval.7.i
}

define internal range(i64 -1, 4294967296) i64 @string_compare_limited(i64 noundef %one, i64 noundef %other, i64 noundef %limit) nounwind null_pointer_is_valid {
entry:
  %tobool.not = icmp eq i64 %limit, 0
  br i1 %tobool.not, label %cond.end, label %cond.true

cond.true:                                        ; preds = %entry
  %0 = add i64 %one, -2684223488
  %narrow.i = icmp ult i64 %0, -2684157952
  %1 = add i64 %other, -2684223488
  %narrow.i7 = icmp ult i64 %1, -2684157952
  %or.cond = or i1 %narrow.i, %narrow.i7
  br i1 %or.cond, label %cond.end, label %if.end.i

if.end.i:                                         ; preds = %cond.true
  %cmp.i32 = icmp samesign ugt i64 %one, 2684223472
  %cmp6.i33 = icmp samesign ugt i64 %other, 2684223472
  %or.cond.i34 = or i1 %cmp.i32, %cmp6.i33
  br i1 %or.cond.i34, label %cond.end, label %if.end9.i

if.end9.i:                                        ; preds = %if.end.i, %if.end73.i
  %indvars.iv59 = phi i64 [ %indvars.iv.next60, %if.end73.i ], [ %other, %if.end.i ]
  %indvars.iv57 = phi i64 [ %indvars.iv.next58, %if.end73.i ], [ %one, %if.end.i ]
  %left.0.i35 = phi i64 [ %sub76.i, %if.end73.i ], [ %limit, %if.end.i ]
  %2 = trunc nuw i64 %indvars.iv57 to i32
  %and.i = and i32 %2, 4095
  %cmp.i9 = icmp samesign ugt i32 %and.i, 4080
  %3 = trunc nuw i64 %indvars.iv59 to i32
  %and.i11 = and i32 %3, 4095
  %cmp.i12 = icmp samesign ugt i32 %and.i11, 4080
  %or.cond19 = select i1 %cmp.i9, i1 true, i1 %cmp.i12
  br i1 %or.cond19, label %for.body.i, label %if.then14.i

if.then14.i:                                      ; preds = %if.end9.i
  %4 = inttoptr i32 %2 to ptr
  %5 = load <16 x i8>, ptr %4, align 1
  %6 = inttoptr i32 %3 to ptr
  %7 = load <16 x i8>, ptr %6, align 1
  %cmp17.i = icmp eq <16 x i8> %5, %7
  %sext.i = sext <16 x i1> %cmp17.i to <16 x i8>
  %8 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i)
  %xor.i = xor i32 %8, 65535
  %cmp.i14 = icmp eq <16 x i8> %5, zeroinitializer
  %sext.i15 = sext <16 x i1> %cmp.i14 to <16 x i8>
  %9 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i15)
  %or.i = or i32 %xor.i, %9
  %tobool20.not.i = icmp eq i32 %or.i, 0
  br i1 %tobool20.not.i, label %cleanup.i, label %if.then21.i

if.then21.i:                                      ; preds = %if.then14.i
  %10 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %or.i, i1 true)
  %conv22.i = zext nneg i32 %10 to i64
  %cmp23.i = icmp ugt i64 %left.0.i35, %conv22.i
  br i1 %cmp23.i, label %cond.true.i, label %cond.end

cond.true.i:                                      ; preds = %if.then21.i
  %add.i = add nuw i32 %10, %2
  %11 = inttoptr i32 %add.i to ptr
  %12 = load i8, ptr %11, align 1
  %conv26.i = zext i8 %12 to i64
  %add27.i = add nuw i32 %10, %3
  %13 = inttoptr i32 %add27.i to ptr
  %14 = load i8, ptr %13, align 1
  %conv29.i = zext i8 %14 to i64
  %sub.i = sub nsw i64 %conv26.i, %conv29.i
  %15 = and i64 %sub.i, 4294967295
  br label %cond.end

cleanup.i:                                        ; preds = %if.then14.i
  %cmp32.i = icmp ugt i64 %left.0.i35, 16
  br i1 %cmp32.i, label %if.end73.i, label %cond.end

for.cond38.i:                                     ; preds = %if.end45.i
  %indvars.iv.next = add nuw nsw i64 %indvars.iv, 1
  %exitcond56 = icmp eq i64 %indvars.iv.next, 16
  br i1 %exitcond56, label %for.end.i, label %for.body.i

for.body.i:                                       ; preds = %if.end9.i, %for.cond38.i
  %indvars.iv = phi i64 [ %indvars.iv.next, %for.cond38.i ], [ 0, %if.end9.i ]
  %exitcond.not = icmp eq i64 %indvars.iv, %left.0.i35
  br i1 %exitcond.not, label %cond.end, label %if.end45.i

if.end45.i:                                       ; preds = %for.body.i
  %16 = add nuw nsw i64 %indvars.iv, %indvars.iv57
  %17 = trunc nuw i64 %16 to i32
  %18 = inttoptr i32 %17 to ptr
  %19 = load i8, ptr %18, align 1
  %20 = add nuw nsw i64 %indvars.iv, %indvars.iv59
  %21 = trunc nuw i64 %20 to i32
  %22 = inttoptr i32 %21 to ptr
  %23 = load i8, ptr %22, align 1
  %cmp53.i = icmp eq i8 %19, %23
  %tobool56.i = icmp ne i8 %19, 0
  %or.cond83.i = and i1 %tobool56.i, %cmp53.i
  br i1 %or.cond83.i, label %for.cond38.i, label %cond.end.loopexit.split.loop.exit

for.end.i:                                        ; preds = %for.cond38.i
  %cmp69.i = icmp ult i64 %left.0.i35, 17
  br i1 %cmp69.i, label %cond.end, label %if.end73.i

if.end73.i:                                       ; preds = %for.end.i, %cleanup.i
  %indvars.iv.next58 = add nuw nsw i64 %indvars.iv57, 16
  %indvars.iv.next60 = add nuw nsw i64 %indvars.iv59, 16
  %sub76.i = add i64 %left.0.i35, -16
  %cmp.i = icmp samesign ugt i64 %indvars.iv57, 2684223456
  %cmp6.i = icmp samesign ugt i64 %indvars.iv59, 2684223456
  %or.cond.i = select i1 %cmp.i, i1 true, i1 %cmp6.i
  br i1 %or.cond.i, label %cond.end, label %if.end9.i

cond.end.loopexit.split.loop.exit:                ; preds = %if.end45.i
  %conv52.i.le = zext i8 %23 to i64
  %conv51.i.le = zext i8 %19 to i64
  %sub60.i.le = sub nsw i64 %conv51.i.le, %conv52.i.le
  %conv61.i.le = and i64 %sub60.i.le, 4294967295
  br label %cond.end

cond.end:                                         ; preds = %if.end73.i, %cleanup.i, %for.end.i, %for.body.i, %if.end.i, %cond.end.loopexit.split.loop.exit, %if.then21.i, %cond.true.i, %cond.true, %entry
  %cond = phi i64 [ 0, %entry ], [ -1, %cond.true ], [ %15, %cond.true.i ], [ 0, %if.then21.i ], [ -1, %if.end.i ], [ %conv61.i.le, %cond.end.loopexit.split.loop.exit ], [ 0, %for.body.i ], [ 0, %cleanup.i ], [ -1, %if.end73.i ], [ 0, %for.end.i ]
  ret i64 %cond
}

define internal range(i64 -1, 5368446976) i64 @string_copy_end(i64 noundef %to, i64 noundef %from) nounwind null_pointer_is_valid {
entry:
  %0 = add i64 %from, -2684223488
  %narrow.i.i = icmp ult i64 %0, -2684157952
  br i1 %narrow.i.i, label %cleanup, label %if.end.i.i

if.end.i.i:                                       ; preds = %entry
  %conv.i = trunc nuw i64 %from to i32
  %and.i.i = and i32 %conv.i, -16
  %1 = inttoptr i32 %and.i.i to ptr
  %2 = load <16 x i8>, ptr %1, align 16
  %cmp.i.i = icmp eq <16 x i8> %2, zeroinitializer
  %sext.i.i = sext <16 x i1> %cmp.i.i to <16 x i8>
  %3 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i.i)
  %and5.i.i = and i32 %conv.i, 15
  %shl.i.i = shl nuw nsw i32 65535, %and5.i.i
  %and6.i.i = and i32 %3, %shl.i.i
  %tobool7.not.i16.i = icmp eq i32 %and6.i.i, 0
  br i1 %tobool7.not.i16.i, label %while.body.i.i, label %scan.exit.i

while.body.i.i:                                   ; preds = %if.end.i.i, %if.end10.i.i
  %block.0.i17.i = phi i32 [ %add.i.i, %if.end10.i.i ], [ %and.i.i, %if.end.i.i ]
  %add.i.i = add i32 %block.0.i17.i, 16
  %cmp8.not.i.i = icmp ult i32 %add.i.i, -1610743808
  br i1 %cmp8.not.i.i, label %if.end10.i.i, label %cleanup

if.end10.i.i:                                     ; preds = %while.body.i.i
  %4 = inttoptr i32 %add.i.i to ptr
  %5 = load <16 x i8>, ptr %4, align 16
  %cmp.i7.i = icmp eq <16 x i8> %5, zeroinitializer
  %sext.i8.i = sext <16 x i1> %cmp.i7.i to <16 x i8>
  %6 = tail call i32 @llvm.wasm.bitmask.v16i8(<16 x i8> range(i8 -1, 1) %sext.i8.i)
  %tobool7.not.i.i = icmp eq i32 %6, 0
  br i1 %tobool7.not.i.i, label %while.body.i.i, label %scan.exit.i

scan.exit.i:                                      ; preds = %if.end10.i.i, %if.end.i.i
  %block.0.i.lcssa.i = phi i32 [ %and.i.i, %if.end.i.i ], [ %add.i.i, %if.end10.i.i ]
  %found.1.i.lcssa.i = phi i32 [ %and6.i.i, %if.end.i.i ], [ %6, %if.end10.i.i ]
  %7 = tail call range(i32 0, 33) i32 @llvm.cttz.i32(i32 %found.1.i.lcssa.i, i1 true)
  %add18.i.i = add nuw i32 %7, %block.0.i.lcssa.i
  %add18.i.fr.i = freeze i32 %add18.i.i
  %cond.i.i = tail call i32 @llvm.umin.i32(i32 %add18.i.fr.i, i32 -1610743808)
  %cmp.i = icmp ugt i32 %add18.i.fr.i, -1610743809
  %sub.i = sub i32 %cond.i.i, %conv.i
  %conv3.i = zext i32 %sub.i to i64
  br i1 %cmp.i, label %cleanup, label %lor.lhs.false

lor.lhs.false:                                    ; preds = %scan.exit.i
  %8 = add i64 %to, -2684223489
  %or.cond.i = icmp ult i64 %8, -2684157953
  %sub.i10 = sub nuw nsw i64 2684223488, %to
  %cmp2.i = icmp samesign ule i64 %sub.i10, %conv3.i
  %narrow.i.not = select i1 %or.cond.i, i1 true, i1 %cmp2.i
  br i1 %narrow.i.not, label %cleanup, label %if.end

if.end:                                           ; preds = %lor.lhs.false
  %add = add nuw nsw i64 %conv3.i, 1
  %call3 = tail call i64 @string_move(i64 noundef %to, i64 noundef %from, i64 noundef %add)
  %add4 = add nsw i64 %call3, %conv3.i
  br label %cleanup

cleanup:                                          ; preds = %while.body.i.i, %scan.exit.i, %entry, %lor.lhs.false, %if.end
  %retval.0 = phi i64 [ %add4, %if.end ], [ -1, %lor.lhs.false ], [ -1, %entry ], [ -1, %scan.exit.i ], [ -1, %while.body.i.i ]
  ret i64 %retval.0
}

declare i32 @llvm.wasm.bitmask.v16i8(<16 x i8>)

declare i32 @llvm.umin.i32(i32, i32)
